import { expect, test } from 'vitest'
import type { InboxPage } from '../../../../src/broker/broker.ts'
import { attach, type CreateCluster, LIMITS, newPush, openWorld, pushMany, range } from './world.ts'

const START = { epoch: '', offset: 0 }
const offsets = ({ messages }: InboxPage) => messages.map(({ offset }) => offset)

export function keeping(create: CreateCluster): void {
  test('reading goes through an inbox page by page, oldest first', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 7)
    const first = await a.broker.read('alice', START, 3)
    expect(first).toMatchObject({ tip: 7, through: 3, lost: 0 })
    expect(offsets(first)).toEqual([1, 2, 3])
    const { epoch } = first
    const second = await a.broker.read('alice', { epoch, offset: first.through }, 3)
    expect(second.through).toBe(6)
    const third = await a.broker.read('alice', { epoch, offset: second.through }, 3)
    expect(offsets(third)).toEqual([7])
    expect(third).toMatchObject({ through: 7, lost: 0 })
    const beyond = await a.broker.read('alice', { epoch, offset: 7 }, 3)
    expect(beyond).toMatchObject({ messages: [], through: 7, lost: 0 })
  })

  test('an inbox that nobody knew is empty, and keeps the epoch that it was read with', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const page = await a.broker.read('alice', START, 10)
    expect(page).toMatchObject({ tip: 0, through: 0, lost: 0, messages: [] })
    expect((await attach(a, 'alice')).epoch).toBe(page.epoch)
    expect(await a.broker.readBefore('nobody', null, 10)).toMatchObject({ tip: 0, lost: 0, messages: [] })
  })

  test('retention by count is exact: what is older is lost and counted', async () => {
    await using world = await openWorld(create, { retentionMessages: 5 })
    const a = await world.replica('a')
    await pushMany(a, 'alice', 12)
    const page = await a.broker.read('alice', START, 100)
    expect(offsets(page)).toEqual(range(8, 12))
    expect(page).toMatchObject({ lost: 7, through: 12 })
    const later = await a.broker.read('alice', { epoch: page.epoch, offset: 5 }, 2)
    expect(offsets(later)).toEqual([8, 9])
    expect(later.lost).toBe(2)
    expect((await a.broker.read('alice', { epoch: page.epoch, offset: 9 }, 100)).lost).toBe(0)
    expect(offsets(await a.broker.readBefore('alice', null, 100))).toEqual(range(8, 12))
  })

  test('retention by age is exact: what is older is lost and counted, offsets go on', async () => {
    await using world = await openWorld(create, { retentionSeconds: 1 })
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    await pushMany(a, 'alice', 3)
    const first = await a.broker.read('alice', { epoch, offset: 0 }, 10)
    expect(first.messages.length + first.lost).toBe(3)
    await world.until('all are past retention', async () => {
      const page = await a.broker.read('alice', { epoch, offset: 0 }, 10)
      expect(offsets(page)).toEqual(range(page.lost + 1, 3))
      return page.lost === 3
    })
    await pushMany(a, 'alice', 1)
    const page = await a.broker.read('alice', { epoch, offset: 1 }, 10)
    expect(page).toMatchObject({ epoch, tip: 4, through: 4, lost: 2 })
    expect(offsets(page)).toEqual([4])
    expect(offsets(await a.broker.readBefore('alice', null, 10))).toEqual([4])
  })

  test('old messages do not hide behind new ones: each is past retention by its own age', async () => {
    await using world = await openWorld(create, { retentionSeconds: 1 })
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    await pushMany(a, 'alice', 1)
    await world.until('the first is past retention while pushing went on', async () => {
      await pushMany(a, 'alice', 1)
      const page = await a.broker.read('alice', { epoch, offset: 0 }, 3)
      return page.lost > 0 && page.messages.length > 0
    })
  })

  test('limits that change count for what is read and stored from then on', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 6)
    a.broker.configure({ ...LIMITS, retentionMessages: 2 })
    expect(await a.broker.read('alice', START, 10)).toMatchObject({ lost: 4, tip: 6 })
  })

  test('a message past its own time is skipped, and is not lost', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice')
    await pushMany(a, 'alice', 1)
    await a.broker.publish(newPush('alice', { ttlSeconds: 1 }))
    await a.broker.publish(newPush('alice', { ttlSeconds: 1_000 }))
    await world.settle(a)
    const [, short] = a.ear.entries('alice')
    expect(short?.push.expiresAt).toBe((short?.push.pushedAt ?? 0) + 1_000)
    await world.until('it is skipped', async () => {
      const page = await a.broker.read('alice', START, 10)
      expect(page).toMatchObject({ lost: 0, through: 3 })
      return page.messages.length === 2
    })
    expect(offsets(await a.broker.read('alice', START, 10))).toEqual([1, 3])
    expect(offsets(await a.broker.readBefore('alice', null, 2))).toEqual([1, 3])
    const page = await a.broker.read('alice', START, 2)
    expect(page).toMatchObject({ through: 2, lost: 0 })
  })

  test('reading backwards begins at the newest and goes on before any message', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 7)
    const newest = await a.broker.readBefore('alice', null, 3)
    expect(offsets(newest)).toEqual([5, 6, 7])
    const { epoch } = newest
    expect(offsets(await a.broker.readBefore('alice', { epoch, offset: 5 }, 3))).toEqual([2, 3, 4])
    expect(offsets(await a.broker.readBefore('alice', { epoch, offset: 2 }, 3))).toEqual([1])
    expect(offsets(await a.broker.readBefore('alice', { epoch, offset: 1 }, 3))).toEqual([])
    expect(offsets(await a.broker.readBefore('alice', { epoch: 'other', offset: 5 }, 3))).toEqual([])
  })

  test('a position of an epoch that nobody knows reads from the beginning', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 3)
    const page = await a.broker.read('alice', { epoch: 'other', offset: 2 }, 10)
    expect(offsets(page)).toEqual([1, 2, 3])
    expect(page).toMatchObject({ kept: null, lossy: false })
  })
}
