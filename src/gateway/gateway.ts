import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { redisSourceOf } from '../broker/redis/client.ts'
import { CLOSE_CODES } from '../close-codes.ts'
import { createChooser } from '../cluster/choice.ts'
import { createRedisCluster } from '../cluster/redis/cluster.ts'
import type { Registry } from '../cluster/registry.ts'
import { accepts } from '../cluster/weight.ts'
import type { Config } from '../config.ts'
import { GRAPHQL_PATH } from '../graphql/yoga.ts'
import type { Log } from '../observability/log.ts'
import { Drain } from '../server/drain.ts'
import { closeServer, HTTP_LIMITS, listen, pathOf, refuseUpgrade, sendText } from '../server/listening.ts'
import { createOriginCheck } from '../server/origins.ts'
import { createHttpProxy } from './http-proxy.ts'
import { createGatewayMetrics } from './metrics.ts'
import { SocketRelay } from './sockets.ts'
import { Steering } from './steering.ts'

const WATCH_RETRY_MS = 1_000 // 1 second

export interface Gateway extends AsyncDisposable {
  readonly id: string
  readonly port: number
  /** `http://host:port`, where this process listens. */
  readonly url: string
  /** Moves the clients away evenly (default: over `drainSeconds`), then stops. */
  stop(withinSeconds?: number): Promise<void>
}

/**
 * Starts a gateway: one entrance to all replicas of one Redis, that keeps its clients' sockets while replicas come and go.
 * Resolves when it listens; where Redis is away it goes on trying, not ready until then. Rejects when the port is taken.
 */
export async function startGateway(config: Config & { readonly redis: string }, log: Log): Promise<Gateway> {
  const id = `g-${randomBytes(6).toString('hex')}`
  const cluster = createRedisCluster({
    ...redisSourceOf(config, config.redis),
    prefix: config.redisPrefix,
    replicaId: id,
    log,
  })
  const { registry } = cluster
  const steering = new Steering(registry, createChooser({ registry }))
  // Requests are no sessions: they are counted apart.
  const proxy = createHttpProxy(new Steering(registry, createChooser({ registry })), log)
  const relay = new SocketRelay({
    steering,
    limits: config,
    log,
    departed: (why) => metrics.departed(why),
    rehomed: (seconds) => metrics.rehomed(seconds),
    unplaced: () => metrics.unplaced(),
    refusal: () => (drain.active ? CLOSE_CODES.RESTART : null),
  })
  const drain = new Drain({ connections: relay.sessions, beforeStep: async () => {}, log })
  const accepting = () => registry.replicas().filter(accepts).length
  const metrics = createGatewayMetrics({
    sessions: () => relay.sessions.size,
    held: () => [...relay.sessions].filter(({ held }) => held).length,
    replicas: accepting,
  })
  const isAllowedOrigin = createOriginCheck(config.allowedOrigins)
  const stopping = new AbortController()
  let watching = false
  const unready = (): string | null => {
    if (drain.active) return 'draining'
    if (!watching) return 'the replicas are not known yet: Redis cannot be reached'
    return accepting() > 0 ? null : 'no replica accepts connections'
  }

  const routes: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/healthz': (response) => sendText(response, 200, 'ok'),
    '/readyz': (response) => {
      const reason = unready()
      sendText(response, reason === null ? 200 : 503, reason ?? 'ready')
    },
    '/metrics': async (response) => {
      const text = await metrics.text()
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    },
  }
  const server = createServer(HTTP_LIMITS, (request, response) => {
    const path = pathOf(request)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route) return void Promise.resolve(route(response)).catch(() => response.destroy())
    response.once('close', () => metrics.answered(response.statusCode))
    void proxy.handle(request, response)
  })
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy())
    if (pathOf(request) !== GRAPHQL_PATH) refuseUpgrade(stream, '404 Not Found')
    else if (!isAllowedOrigin(request)) refuseUpgrade(stream, '403 Forbidden')
    else relay.upgrade(request, stream, head)
  })

  const release = async () => {
    stopping.abort()
    relay[Symbol.dispose]()
    proxy[Symbol.dispose]()
    await cluster[Symbol.asyncDispose]()
  }
  const { port, url } = await listen(server, config).catch(async (error: unknown) => {
    await release()
    throw error
  })
  const watch = follow(registry, relay, log, stopping.signal, () => {
    watching = true
  })

  const stop = async (withinSeconds: number) => {
    await drain.begin(withinSeconds)
    await closeServer(server)
    await release()
    await watch
  }
  let stopped: Promise<void> | null = null
  return {
    id,
    port,
    url,
    stop: (withinSeconds = config.drainSeconds) => {
      stopped ??= stop(withinSeconds)
      return stopped
    },
    [Symbol.asyncDispose]() {
      stopped ??= stop(0)
      return stopped
    },
  }
}

/** Begins to follow the replicas; where Redis is away, again and again. Never rejects. */
async function follow(
  registry: Registry,
  relay: SocketRelay,
  log: Log,
  signal: AbortSignal,
  begun: () => void,
): Promise<void> {
  const listener = {
    changed: () => {},
    lost: () => {},
    ended: (replicaId: string) => relay.ended(replicaId),
  }
  while (!signal.aborted) {
    try {
      await registry.watch(listener)
      return begun()
    } catch (error) {
      log.warn(`${(error as Error).message} Not ready; trying again in ${WATCH_RETRY_MS} ms.`)
      await delay(WATCH_RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }
}
