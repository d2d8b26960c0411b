import { describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient, type RawClientOptions } from '../support/raw-client.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

async function deliveredOf(
  gateway: TestGateway,
  pushId: string,
): Promise<{ sent: number; delivered: number } | null> {
  const answer = await graphqlRequest<{ receipt: { sent: number; delivered: number } | null }>(
    gateway,
    'query R($id: ID!) { receipt(pushId: $id) { sent delivered } }',
    { id: pushId },
  )
  return answer.data?.receipt ?? null
}

describe('a client proves what it has', () => {
  const ways: [string, RawClientOptions, boolean][] = [
    ['by echoing the payload of a protocol ping, as the stock client does', {}, true],
    ['by WebSocket pong, where it does not answer protocol pings', { echo: false }, true],
    ['by nothing, where it answers neither', { echo: false, autoPong: false }, false],
  ]

  it.each(ways)('%s', async (_way, options, proves) => {
    await using gateway = await startTestGateway()
    await using client = await RawClient.connect(gateway, options)
    await using witness = await RawClient.connect(gateway)
    await client.subscribe('1', ['alice'])
    await witness.subscribe('1', ['alice'])
    const { id } = await push(gateway, { to: ['alice'], payload: 1 })
    await client.nextMessage('1')
    const delivered = proves ? 2 : 1
    await expect.poll(() => deliveredOf(gateway, id), LIMIT).toEqual({ sent: 2, delivered })
  })

  it('by WebSocket pong, where it answers protocol pings without their payload', async () => {
    await using gateway = await startTestGateway()
    await using client = await RawClient.connect(gateway, { echo: false })
    await client.subscribe('1', ['alice'])
    // The protocol demands a pong, not the echo of what the ping carried.
    client.send({ type: 'pong' })
    const { id } = await push(gateway, { to: ['alice'], payload: 1 })
    await client.nextMessage('1')
    await expect.poll(() => deliveredOf(gateway, id), LIMIT).toEqual({ sent: 1, delivered: 1 })
  })

  it('and pushes count on: a receipt subscription tells each change', async () => {
    await using gateway = await startTestGateway()
    await using client = await RawClient.connect(gateway)
    await client.subscribe('1', ['alice'])
    const { id } = await push(gateway, { to: ['alice', 'nobody'], payload: 1 })
    await using watcher = await RawClient.connect(gateway)
    const query = `subscription { receipt(pushId: "${id}") { identifiers delivered acknowledged } }`
    watcher.send({ id: 'r', type: 'subscribe', payload: { query } })
    const seen: unknown[] = []
    const next = async () => {
      const { payload } = await watcher.expect('next', 'r')
      seen.push((payload as { data: { receipt: unknown } }).data.receipt)
      return seen.at(-1)
    }
    await expect.poll(next, LIMIT).toEqual({ identifiers: 2, delivered: 1, acknowledged: 0 })
    const acknowledge = `mutation { acknowledge(messageId: "${id}", identifier: "alice") }`
    expect(await client.request('2', acknowledge)).toMatchObject({ data: { acknowledge: true } })
    expect(await client.request('3', acknowledge)).toMatchObject({ data: { acknowledge: false } })
    await expect.poll(next, LIMIT).toEqual({ identifiers: 2, delivered: 1, acknowledged: 1 })
  })

  it('a message to everyone is acknowledged by each of those that had it', async () => {
    await using gateway = await startTestGateway()
    await using a = await RawClient.connect(gateway)
    await using b = await RawClient.connect(gateway)
    await a.subscribe('1', ['alice'])
    await b.subscribe('1', ['bob'])
    await push(gateway, { everyone: true, payload: 1 })
    for (const client of [a, b]) {
      const { id, identifier } = await client.nextMessage('1')
      const acknowledge = `mutation { acknowledge(messageId: "${id}", identifier: "${identifier}") }`
      expect(await client.request('2', acknowledge)).toMatchObject({ data: { acknowledge: true } })
      const query = `{ receipt(pushId: "${id}") { acknowledged } }`
      const acknowledged = client === a ? 1 : 2
      expect(await graphqlRequest(gateway, query)).toMatchObject({ data: { receipt: { acknowledged } } })
    }
  })
})
