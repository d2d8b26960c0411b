import { expect, test, vi } from 'vitest'
import { startGatewayProcess } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { RawClient, type ReceivedMessage } from '../support/raw-client.ts'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts'
import { startWatchedRedis } from '../support/redis-sentinel.ts'

const LIMIT = { timeout: 60_000, interval: 50 }

/** A Redis whose master dies when it is told to; what was written to it before has been copied to whoever replaces it. */
interface Failing extends AsyncDisposable {
  readonly url: string
  failOver(): Promise<void>
}

async function startCluster(): Promise<Failing> {
  const redis = await startRedisCluster()
  return {
    url: redis.url,
    failOver: async () => {
      const { server, client, key } = await masterWith(redis, '*alice*')
      // WAIT looks at what its own connection wrote.
      await client.set(`last-${/\{.*?\}/.exec(key)?.[0]}`, '1')
      if ((await client.wait(1, 10_000)) !== 1) throw new Error('the replica does not keep up')
      await server.kill()
      await redis.settled()
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

async function masterWith({ nodes }: RedisCluster, pattern: string) {
  for (const node of nodes) {
    const { client } = node
    const [key] = await client.keys(pattern)
    if (key && (await client.info('replication')).includes('role:master')) return { ...node, key }
  }
  throw new Error(`no master has ${pattern}`)
}

test.each([
  ['Sentinels replace', startWatchedRedis],
  ['a Cluster replaces', startCluster],
])(
  'invariants 1 and 3: a master that %s costs a subscriber nothing, across two replicas',
  async (_who, start) => {
    await using redis = await start()
    const args = ['--redis', redis.url, '--log-level', 'error']
    await using a = await startGatewayProcess({ args })
    await using b = await startGatewayProcess({ args })
    await using client = await RawClient.connect(a)
    await client.subscribe('1', ['alice'])
    const received: unknown[] = []
    const receive = async (count: number) => {
      while (received.length < count) {
        const { payload } = await client.expect('next', '1')
        const { messages } = (payload as { data: { messages: ReceivedMessage } }).data
        if (!messages.redelivered || !received.includes(messages.payload)) received.push(messages.payload)
      }
    }
    const numbers = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n)
    /** Through the other replica, each repeated with its id until it is accepted. */
    const pushAll = async (payloads: readonly number[]) => {
      for (const payload of payloads) {
        const accepted = async () => {
          const answer = await push(b, { id: `push-${payload}`, to: ['alice'], payload }).catch(() => null)
          return answer !== null
        }
        await vi.waitUntil(accepted, LIMIT)
      }
    }
    await pushAll(numbers(1, 20))
    await receive(20)
    await redis.failOver()
    await pushAll(numbers(21, 40))
    await receive(40)
    expect(received).toEqual(numbers(1, 40))
  },
)
