import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createAccess } from '../access/access.ts'
import { Expiries } from '../access/expiries.ts'
import { StoreMeter } from '../broker/store-meter.ts'
import { CLOSE_CODES } from '../close-codes.ts'
import { createChooser } from '../cluster/choice.ts'
import { createLoadMeter } from '../cluster/load.ts'
import type { Load, ReplicaState } from '../cluster/registry.ts'
import type { Config } from '../config.ts'
import { Hub } from '../delivery/hub.ts'
import { sessionPeerHandlers } from '../graphql/domain/sessions.ts'
import { OperationRunner } from '../graphql/operation-runner.ts'
import { TrustedDocuments } from '../graphql/trusted-documents.ts'
import { ValidDocuments } from '../graphql/valid-documents.ts'
import { createGraphQL, GRAPHQL_PATH } from '../graphql/yoga.ts'
import { EventLog } from '../observability/event-log.ts'
import type { Log } from '../observability/log.ts'
import { createMetrics } from '../observability/metrics.ts'
import { MinuteLog } from '../observability/minute-log.ts'
import { OperationCounts } from '../observability/operation-counts.ts'
import { Recorder } from '../observability/recorder.ts'
import { startTracing } from '../observability/tracing.ts'
import { RateLimiter } from '../rate-limiter.ts'
import { Admission } from './admission.ts'
import { type AgentCheck, agentAnswer, startAgentCheck } from './agent-check.ts'
import { createClientAddress, createRelayId } from './client-address.ts'
import { Drain } from './drain.ts'
import { drainPeerHandlers } from './drain-peer-handlers.ts'
import { createHttpServer } from './http.ts'
import { closeServer, listen } from './listening.ts'
import { Membership } from './membership.ts'
import { createOriginCheck } from './origins.ts'
import { connectStore } from './store.ts'
import { Sweep } from './sweep.ts'
import { WebSocketSide } from './websocket.ts'
import { createWelcome } from './welcome.ts'

export interface Replica extends AsyncDisposable {
  readonly id: string
  readonly port: number
  /** `http://host:port`, where this process listens. */
  readonly url: string
  /** Where HAProxy's agent-check is answered; null where it is not. */
  readonly agentPort: number | null
  /** How long `stop` takes at most by default, as configured now. */
  readonly drainSeconds: number
  /** Moves the sessions away evenly (default: over `drainSeconds`), then stops. */
  stop(withinSeconds?: number): Promise<void>
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/**
 * Starts one replica: everything in one process, on the embedded broker or as a part of a cluster on Redis.
 * Resolves when it listens; where Redis is away it goes on trying, not ready until then. Rejects when the port is taken
 * or a living replica has its id.
 */
export async function startReplica(config: Config, processLog: Log): Promise<Replica> {
  const id = config.replicaId ?? `r-${randomBytes(6).toString('hex')}`
  const log = processLog.child({ 'service.node.name': id, 'service.version': version })
  const startedAt = new Date()
  const began = performance.now()
  const stored = config.redis === null ? 'embedded' : 'redis'
  const tracing = await startTracing({ ...config, replicaId: id, version, store: stored, log })
  const storeMeter = new StoreMeter()
  const store = connectStore(config, id, log, storeMeter)
  const { broker, registry, peers, settings, statistics } = store
  const events = new EventLog(log, config.logSample)
  const hub = new Hub(
    broker,
    { maxBufferedBytes: config.maxBufferedBytes, resumeSeconds: config.resumeSeconds },
    events,
    tracing,
  )
  const counts = new OperationCounts()
  const recorder = new Recorder({ ...config, hub, counts, statistics, log })
  const minutes = new MinuteLog(log, () => recorder.counts)
  const chooser = createChooser({ registry })
  const meter = createLoadMeter()
  const sweep = new Sweep(config)
  settings.watch((now) => {
    broker.configure(now)
    hub.configure(now)
    sweep.configure(now)
  })
  const pushRate = new RateLimiter()
  const services = {
    ...{ replicaId: id, config, settings, broker, registry, peers, chooser, hub, pushRate, log },
    ...{ statistics, counts, events, tracing },
  }
  const access = createAccess(config, (error) => log.warn({ err: error }, 'API keys could not be read anew'))
  const expiries = new Expiries()
  const documents = new TrustedDocuments(config.trustedDocuments)
  const valid = new ValidDocuments()
  const yoga = createGraphQL(services, expiries, documents, valid)
  const runner = new OperationRunner(yoga, services, documents, valid)
  const clientAddress = createClientAddress(config.trustedProxies)
  const relayId = createRelayId(config.trustedProxies)
  const admission = new Admission({
    capacity: config.capacity,
    sessions: () => hub.sessions.size,
    ratePerSecond: () => settings.current.connectionRatePerSecond,
  })
  const refusal = () => (drain.active ? CLOSE_CODES.RESTART : null)
  const sockets = new WebSocketSide({
    ...{
      access,
      expiries,
      config,
      hub,
      runner,
      sweep,
      clientAddress,
      relayId,
      log,
      refusal,
      admission,
    },
    welcome: (sessionId) => welcome(sessionId),
  })
  const drain = new Drain({
    connections: sockets.connections,
    beforeStep: async () => {
      await Promise.all([hub.flush(), membership.report()])
    },
    log,
  })
  const metrics = createMetrics({
    ...{ hub, counts, recorder, registry, storeMeter, version, replicaId: id },
    host: () => meter.host,
    eventLoopDelayMs: () => meter.eventLoopDelayMs,
    capacity: config.capacity,
    evicted: () => sweep.evicted,
    refused: () => admission.refused,
    draining: () => drain.active,
    brokerAvailable: () => broker.available,
  })
  const unready = (): string | null => {
    if (drain.active) return 'draining'
    if (membership.refused !== null) return membership.refused
    if (!membership.joined) return 'not in the cluster yet: the store cannot be reached'
    return broker.available && registry.available ? null : 'the store cannot be reached'
  }
  const fromAllowedOrigin = createOriginCheck(config.allowedOrigins)
  // A gateway has looked at it, and would take a refusal for a fault of ours.
  const isAllowedOrigin = (request: IncomingMessage) =>
    relayId(request) !== null || fromAllowedOrigin(request)
  const server = createHttpServer({
    ...{ yoga, runner, documents, sockets, metrics, access, clientAddress, isAllowedOrigin, unready, log },
  })
  const { port, url } = await listen(server, config).catch(async (error: unknown) => {
    await hub[Symbol.asyncDispose]()
    await recorder[Symbol.asyncDispose]()
    minutes[Symbol.dispose]()
    sweep[Symbol.dispose]()
    expiries[Symbol.dispose]()
    access[Symbol.dispose]()
    meter[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
    await tracing?.[Symbol.asyncDispose]()
    throw error
  })

  const state = (): ReplicaState => (drain.active ? 'DRAINING' : membership.joined ? 'UP' : 'STARTING')
  const load = (): Load => {
    return {
      state: state(),
      sessions: hub.sessions.size,
      subscriptions: hub.subscriptions,
      capacity: config.capacity,
      uptimeMs: Math.round(performance.now() - began),
      drainProgress: drain.progress,
      health: meter.read(),
      rates: recorder.rates,
    }
  }
  const report = async (): Promise<Load> => {
    await membership.report()
    return load()
  }
  const publicUrl = config.publicUrl ?? `${url.replace(/^http/, 'ws')}${GRAPHQL_PATH}`
  const self = { id, url: publicUrl, version, startedAt }
  const welcome = createWelcome(self, registry)
  const membership = new Membership({
    self,
    named: config.replicaId !== null,
    broker,
    registry,
    peers,
    settings,
    listener: hub,
    handlers: { ...sessionPeerHandlers(hub, id), ...drainPeerHandlers(drain, sockets.connections, report) },
    load,
    log,
  })

  let agent: AgentCheck | null = null
  let stopped: Promise<void> | null = null
  const stop = async (withinSeconds: number) => {
    await drain.begin(withinSeconds)
    await hub[Symbol.asyncDispose]()
    await recorder[Symbol.asyncDispose]()
    minutes[Symbol.dispose]()
    await membership[Symbol.asyncDispose]()
    await closeServer(server)
    await agent?.[Symbol.asyncDispose]()
    sweep[Symbol.dispose]()
    expiries[Symbol.dispose]()
    access[Symbol.dispose]()
    meter[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
    await tracing?.[Symbol.asyncDispose]()
  }

  try {
    if (config.agentPort !== null) {
      const place = { port: config.agentPort, host: config.host }
      agent = await startAgentCheck(place, () => agentAnswer({ id, state: state() }, registry))
    }
    await membership.join()
  } catch (error) {
    stopped = stop(0)
    await stopped
    throw error
  }

  return {
    id,
    port,
    url,
    agentPort: agent?.port ?? null,
    get drainSeconds() {
      return settings.current.drainSeconds
    },
    stop: (withinSeconds = settings.current.drainSeconds) => {
      stopped ??= stop(withinSeconds)
      return stopped
    },
    [Symbol.asyncDispose]() {
      stopped ??= stop(0)
      return stopped
    },
  }
}
