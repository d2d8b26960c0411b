import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Broker } from '../../src/broker/broker.ts'
import { MemoryStore } from '../../src/broker/memory/store.ts'
import { createMemoryBroker } from '../../src/broker/memory.ts'
import { LIMITS, newPush } from '../support/conformance/broker/world.ts'
import { eventually, type Received, TestClient, TestReplica } from '../support/delivery-world.ts'

let replica: TestReplica
/** Another replica on the same store. */
let other: Broker
let client: TestClient

beforeEach(async () => {
  const store = new MemoryStore()
  replica = await TestReplica.start(createMemoryBroker({ replicaId: 'a', limits: LIMITS, store }))
  other = createMemoryBroker({ replicaId: 'b', limits: LIMITS, store })
  client = new TestClient()
  client.connect(replica)
})

afterEach(async () => {
  await replica.hub[Symbol.asyncDispose]()
  await replica.broker[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

async function push(...payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) await other.publish(newPush('alice', { payload: JSON.stringify(payload) }))
}

/** The other replica knows of messages that the store has not: the inbox enters a new epoch, unheard by ours. */
async function loseTheEnd(): Promise<void> {
  const { epoch } = await other.read('alice', { epoch: '', offset: 0 }, 1)
  const [tip] = await other.rehold([{ identifier: 'alice', subscriptions: 1, epoch, offset: 9_999 }])
  expect(tip?.epoch).not.toBe(epoch)
}

async function subscribe(operationId: string): Promise<void> {
  client.subscribe(operationId, ['alice'])
  await client.live()
}

/** Waits until so many have come for an operation. */
async function received(operationId: string, count: number): Promise<readonly Received[]> {
  const all = () => {
    client.collect()
    return client.received.get(operationId) as Received[]
  }
  await eventually(
    () => all().length >= count,
    () => `only ${JSON.stringify(all())} came`,
  )
  return all()
}

/** All that came, each but once, with what it said of messages lost before it. A last message shows that no more is coming. */
async function allOf(
  operationId: string,
  count: number,
): Promise<[payload: unknown, missed: number | null][]> {
  await push('end')
  const all = await received(operationId, count + 1)
  expect(all.some(({ redelivered }) => redelivered)).toBe(false)
  expect(all.at(-1)).toMatchObject({ payload: 'end', missed: 0 })
  return all.slice(0, -1).map(({ payload, missed }) => [payload, missed])
}

test('a message of a new epoch that comes before anything was compared: each once, with the loss told', async () => {
  await subscribe('live')
  await push('1', '2')
  await received('live', 2)
  await loseTheEnd()
  await push('3', '4')
  expect(await allOf('live', 4)).toEqual([
    ['1', 0],
    ['2', 0],
    ['3', null],
    ['4', 0],
  ])
})

test('a comparison that comes before any message of the new epoch: each once, with the loss told', async () => {
  await subscribe('live')
  await push('1', '2')
  await received('live', 2)
  await loseTheEnd()
  const compare = vi.spyOn(replica.broker, 'rehold')
  replica.hub.interrupted()
  await eventually(
    () => compare.mock.settledResults.some(({ type }) => type === 'fulfilled'),
    () => 'nothing is compared',
  )
  await push('3', '4')
  expect(await allOf('live', 4)).toEqual([
    ['1', 0],
    ['2', 0],
    ['3', null],
    ['4', 0],
  ])
})

test('an end that was lost while the channel was away: what came since is read, with the loss told', async () => {
  await subscribe('live')
  await push('1', '2')
  await received('live', 2)
  replica.cutChannel()
  await push('3')
  await loseTheEnd()
  await push('4')
  replica.restoreChannel()
  expect(await allOf('live', 4)).toEqual([
    ['1', 0],
    ['2', 0],
    ['3', null],
    ['4', 0],
  ])
})

test('who reads slowly and was behind when the end was lost reads on in order', async () => {
  await subscribe('live')
  const many = Array.from({ length: 300 }, (_, n) => `${n}`)
  const connection = client.connection
  if (!connection) throw new Error('not connected')
  connection.stalled = true
  await push(...many.slice(0, 250))
  await loseTheEnd()
  await push(...many.slice(250))
  connection.resumeReading()
  const all = await allOf('live', many.length)
  expect(all.map(([payload]) => payload)).toEqual(many)
  expect(all.filter(([, missed]) => missed !== 0)).toEqual([[expect.any(String), null]])
})

test('who subscribes in the new epoch beside one of the former one hears from then on, and of no loss', async () => {
  await subscribe('former')
  await push('1', '2')
  await received('former', 2)
  await loseTheEnd()
  await subscribe('new')
  await push('3', '4')
  expect(await allOf('former', 4)).toEqual([
    ['1', 0],
    ['2', 0],
    ['3', null],
    ['4', 0],
  ])
  const beside = await received('new', 3)
  expect(beside.map(({ payload, missed }) => [payload, missed])).toEqual([
    ['3', 0],
    ['4', 0],
    ['end', 0],
  ])
})
