import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { type RedisServer, startRedis } from './redis.ts'
import type { Failover } from './redis-cluster.ts'

const NAME = 'main'
const SENTINELS = 3
const QUORUM = 2
const DOWN_AFTER_MS = 1_000
const LIMIT = { timeout: 120_000, interval: 50 }

/** A real master with replicas, and three Sentinels that watch them. */
export interface WatchedRedis extends AsyncDisposable {
  /** `redis+sentinel://` with all Sentinels. */
  readonly url: string
  /** For the test's own questions to the first master. */
  readonly masterClient: Redis
  /** Kills the master; resolves when a replica has taken its place, with as much as had been copied to it. */
  failOver(): Promise<Failover>
}

export interface WatchedRedisOptions {
  readonly replicas?: number // default 1
}

export async function startWatchedRedis({
  replicas: count = 1,
}: WatchedRedisOptions = {}): Promise<WatchedRedis> {
  const servers: RedisServer[] = []
  const clients: Redis[] = []
  const start = async (args: readonly string[], config?: string) => {
    const server = await startRedis({ args, ...(config === undefined ? {} : { config }) })
    servers.push(server)
    const client = new Redis(server.url, { maxRetriesPerRequest: 1 })
    client.on('error', () => {
      // Tests kill servers on purpose.
    })
    clients.push(client)
    return { server, client }
  }
  const prompt = ['--repl-diskless-sync-delay', '0']
  const master = await start(prompt)
  const following = [...prompt, '--replicaof', '127.0.0.1', String(master.server.port)]
  const replicas = await Promise.all(Array.from({ length: count }, () => start(following)))
  const infos = () => Promise.all(replicas.map(({ client }) => client.info('replication')))
  await vi.waitUntil(
    async () => (await infos()).every((info) => info.includes('master_link_status:up')),
    LIMIT,
  )
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${master.server.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 10000`,
  ].join('\n')
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => start(['--sentinel'], config)))
  // Each has to know the replicas and the two others, or nobody is elected.
  const all = `slaves=${count},sentinels=${SENTINELS}`
  for (const { client } of sentinels) {
    await vi.waitUntil(async () => (await client.info('sentinel')).includes(all), LIMIT)
  }
  return {
    url: `redis+sentinel://${sentinels.map(({ server }) => `127.0.0.1:${server.port}`).join(',')}/${NAME}`,
    masterClient: master.client,
    async failOver() {
      await master.server.kill()
      const killedAt = Date.now()
      await vi.waitUntil(async () => (await infos()).some((info) => info.includes('role:master')), LIMIT)
      return { killedAt, takenOverAt: Date.now() }
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect()
      for (const server of servers.reverse()) await server[Symbol.asyncDispose]()
    },
  }
}
