import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { type RedisServer, startRedis } from './redis.ts'

const NAME = 'main'
const SENTINELS = 3
const QUORUM = 2
const DOWN_AFTER_MS = 1_000
const LIMIT = { timeout: 60_000, interval: 50 }

/** A real master with one replica, and three Sentinels that watch them. */
export interface WatchedRedis extends AsyncDisposable {
  /** `redis+sentinel://` with all Sentinels. */
  readonly url: string
  /** For the test's own questions to the first master. */
  readonly masterClient: Redis
  /** Kills the master; resolves when the replica has taken its place, with as much as had been copied to it. */
  failOver(): Promise<void>
}

export async function startWatchedRedis(): Promise<WatchedRedis> {
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
  const replica = await start([...prompt, '--replicaof', '127.0.0.1', String(master.server.port)])
  await vi.waitUntil(
    async () => (await replica.client.info('replication')).includes('master_link_status:up'),
    LIMIT,
  )
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${master.server.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 10000`,
  ].join('\n')
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => start(['--sentinel'], config)))
  // Each has to know the replica and the two others, or nobody is elected.
  for (const { client } of sentinels) {
    await vi.waitUntil(async () => /slaves=1,sentinels=3/.test(await client.info('sentinel')), LIMIT)
  }
  return {
    url: `redis+sentinel://${sentinels.map(({ server }) => `127.0.0.1:${server.port}`).join(',')}/${NAME}`,
    masterClient: master.client,
    async failOver() {
      await master.server.kill()
      await vi.waitUntil(
        async () => (await replica.client.info('replication')).includes('role:master'),
        LIMIT,
      )
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect()
      for (const server of servers.reverse()) await server[Symbol.asyncDispose]()
    },
  }
}
