import { expect, test, vi } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { type GatewayAddress, startGatewayProcess } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { RawClient, type ReceivedMessage } from '../support/raw-client.ts'
import { startCluster, startSentinels } from '../support/redis-kinds.ts'

/** An election that fails is held again after 20 seconds. */
const LIMIT = { timeout: 120_000, interval: 50 }

test.each([
  ['Sentinels replace', startSentinels],
  ['a Cluster replaces', startCluster],
])(
  'invariants 1 and 3: with a write quorum, a master that %s costs a subscriber nothing, across two replicas',
  async (_who, start) => {
    await using redis = await start()
    const args = ['--redis', redis.url, '--log-level', 'error']
    await using a = await startGatewayProcess({ args })
    await using b = await startGatewayProcess({ args: [...args, '--write-quorum', '1'] })
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
    /** Each repeated with its id until it is accepted. */
    const pushAll = async (through: GatewayAddress, payloads: readonly number[]) => {
      for (const payload of payloads) {
        const accepted = async () => {
          const answer = await push(through, { id: `push-${payload}`, to: ['alice'], payload }).catch(
            () => null,
          )
          return answer !== null
        }
        await vi.waitUntil(accepted, LIMIT)
      }
    }
    await pushAll(b, numbers(1, 20))
    await receive(20)
    await redis.failOver(createKeys('cp', redis.layout).inbox('alice'))
    // The new master has no replica.
    await pushAll(a, numbers(21, 40))
    await receive(40)
    expect(received).toEqual(numbers(1, 40))
  },
  240_000,
)
