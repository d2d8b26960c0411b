import { expect, test } from 'vitest'
import { type CreateCluster, newPush, openWorld, type Replica, range } from './world.ts'

/** Where the receipts of its pushes are counted. */
async function partitionOf({ broker }: Replica, identifier: string): Promise<number> {
  const page = await broker.readBefore(identifier, null, 1)
  return page.messages[0]?.push.partition ?? 0
}

export function receipts(create: CreateCluster): void {
  test('receipts add up, whichever replica counts', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const push = newPush(['alice', 'bob'], { from: 'carol' })
    await a.broker.publish(push)
    const partition = await partitionOf(a, 'alice')
    const count = (sent: number, delivered: number) => [{ pushId: push.id, partition, sent, delivered }]
    await Promise.all([a.broker.countReceipts(count(2, 1)), b.broker.countReceipts(count(3, 0))])
    await b.broker.countReceipts(count(0, 4))
    expect(await a.broker.receipt(push.id)).toEqual({
      pushId: push.id,
      pushedAt: expect.any(Number),
      from: 'carol',
      identifiers: 2,
      sent: 5,
      delivered: 5,
      acknowledged: 0,
    })
  })

  test('a batch counts many pushes at once', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const pushes = range(1, 700).map(() => newPush('alice'))
    await Promise.all(pushes.map((push) => a.broker.publish(push)))
    const partition = await partitionOf(a, 'alice')
    await a.broker.countReceipts(pushes.map(({ id }) => ({ pushId: id, partition, sent: 1, delivered: 1 })))
    for (const { id } of [pushes[0], pushes[499], pushes[500], pushes[699]].filter(
      (push) => push !== undefined,
    )) {
      expect(await a.broker.receipt(id)).toMatchObject({ sent: 1, delivered: 1 })
    }
  })

  test('what comes late for a push that is gone, or never was, makes nothing', async () => {
    await using world = await openWorld(create, { retentionSeconds: 1 })
    const a = await world.replica('a')
    const push = newPush('alice')
    await a.broker.publish(push)
    const partition = await partitionOf(a, 'alice')
    await world.until('the push is gone', async () => (await a.broker.receipt(push.id)) === null)
    for (const pushId of [push.id, 'never-was']) {
      await a.broker.countReceipts([{ pushId, partition, sent: 1, delivered: 1 }])
      expect(await a.broker.acknowledge(pushId, 'alice', 'anna')).toBe(false)
      expect(await a.broker.receipt(pushId)).toBeNull()
    }
    expect(await a.broker.publish(push)).toMatchObject({ duplicate: false })
  })

  test('an acknowledgement counts once for each who acknowledges each message', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const push = newPush(['alice', 'bob'])
    await a.broker.publish(push)
    expect(await a.broker.acknowledge(push.id, 'alice', 'anna')).toBe(true)
    expect(await b.broker.acknowledge(push.id, 'alice', 'anna')).toBe(false)
    expect(await b.broker.acknowledge(push.id, 'alice', 'ben')).toBe(true)
    expect(await b.broker.acknowledge(push.id, 'bob', 'anna')).toBe(true)
    expect(await a.broker.receipt(push.id)).toMatchObject({ acknowledged: 3 })
  })

  test('who watches a receipt is told of each change, and of no other push', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const push = newPush('alice')
    const other = newPush('alice')
    await b.broker.publish(push)
    await b.broker.publish(other)
    const partition = await partitionOf(a, 'alice')
    let changes = 0
    const unwatch = await a.broker.watchReceipt(push.id, () => changes++)
    await b.broker.countReceipts([
      { pushId: push.id, partition, sent: 1, delivered: 0 },
      { pushId: other.id, partition, sent: 1, delivered: 0 },
    ])
    await world.until('it is told', () => changes === 1)
    await b.broker.acknowledge(push.id, 'alice', 'anna')
    await world.until('it is told again', () => changes === 2)
    await b.broker.acknowledge(other.id, 'alice', 'anna')
    await world.settle(a)
    expect(changes).toBe(2)
    await unwatch()
    await b.broker.acknowledge(push.id, 'alice', 'ben')
    await world.settle(a)
    expect(changes).toBe(2)
  })

  test('two who watch the same receipt are both told, until each of them ends', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const push = newPush('alice')
    await a.broker.publish(push)
    const changes = [0, 0]
    const watch = (index: number) =>
      a.broker.watchReceipt(push.id, () => {
        changes[index] = (changes[index] ?? 0) + 1
      })
    const [first, second] = await Promise.all([watch(0), watch(1)])
    await a.broker.acknowledge(push.id, 'alice', 'anna')
    await world.until('both are told', () => changes[0] === 1 && changes[1] === 1)
    await first()
    await a.broker.acknowledge(push.id, 'alice', 'ben')
    await world.until('the other is told', () => changes[1] === 2)
    expect(changes[0]).toBe(1)
    await second()
  })
}
