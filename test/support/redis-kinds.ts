import { Redis } from 'ioredis'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { slotOf } from '../../src/broker/redis/slots.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type Failover, startRedisCluster } from './redis-cluster.ts'
import { startWatchedRedis } from './redis-sentinel.ts'

/** A Redis of any kind that cloudpush runs on. */
export interface AnyRedis extends AsyncDisposable {
  /** As `--redis` names it. */
  readonly url: string
  /** Where the partitions of cloudpush lie there: what `createKeys` asks for. */
  readonly layout: 'single' | 'cluster'
  /** For the test's own questions: the master that has the key at this moment. */
  masterOf(key: string): Promise<Redis>
}

/** One whose masters are replaced when they are lost. */
export interface FailingRedis extends AnyRedis {
  /** Kills the master that has the key; resolves when one of its replicas has taken its place. */
  failOver(key: string): Promise<Failover>
}

export interface RedisKindOptions {
  /** Of each master; default: 1. With a write quorum of one, two are needed for a master to be lost. */
  readonly replicas?: number
}

/** One that tests can stop, pause and start again. */
export interface Standalone extends AnyRedis {
  readonly server: RedisServer
}

export async function startStandalone(): Promise<Standalone> {
  const server = await startRedis()
  const client = new Redis(server.url, { maxRetriesPerRequest: 1 })
  client.on('error', () => {
    // Some tests stop the server on purpose.
  })
  return {
    url: server.url,
    server,
    layout: 'single',
    masterOf: async () => client,
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
}

export async function startSentinels({ replicas = 1 }: RedisKindOptions = {}): Promise<FailingRedis> {
  const redis = await startWatchedRedis({ replicas })
  return {
    url: redis.url,
    layout: 'single',
    masterOf: async () => redis.masterClient,
    failOver: () => redis.failOver(),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

export async function startCluster({ replicas = 1 }: RedisKindOptions = {}): Promise<FailingRedis> {
  const redis = await startRedisCluster({ replicasPerMaster: replicas })
  return {
    url: redis.url,
    layout: 'cluster',
    masterOf: async (key) => (await redis.masterOf(slotOf(key))).client,
    failOver: (key) => redis.failOver(slotOf(key)),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

/** Of these identifiers, those whose inboxes are on the same master as that of the first. */
export async function besideTheFirst(
  redis: AnyRedis,
  identifiers: readonly string[],
  prefix = 'cp',
): Promise<string[]> {
  const { inbox } = createKeys(prefix, redis.layout)
  const masters = await Promise.all(identifiers.map((identifier) => redis.masterOf(inbox(identifier))))
  return identifiers.filter((_identifier, index) => masters[index] === masters[0])
}
