import { expect, test } from 'vitest'
import { attach, type CreateCluster, newPush, openWorld, range } from './world.ts'

export function delaying(create: CreateCluster): void {
  test('a delayed push goes out once, not before it is due, however many replicas look', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await world.replica('c')
    await attach(b, 'alice')
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const more = { payload: '"later"', from: 'carol', ttlSeconds: 60, traceparent }
    const push = newPush('alice', { delaySeconds: 1, ...more })
    const published = await a.broker.publish(push)
    expect(published).toMatchObject({ id: push.id, accepted: 1, offline: [], duplicate: false })
    expect((await a.broker.read('alice', { epoch: '', offset: 0 }, 10)).tip).toBe(0)
    expect(await a.broker.receipt(push.id)).toMatchObject({ identifiers: 1, from: 'carol' })
    await world.until('it is heard', () => b.ear.offsets('alice').length > 0)
    await world.settle(b)
    const heard = b.ear.entries('alice')
    expect(heard).toHaveLength(1)
    const header = heard[0]?.push
    expect(header).toMatchObject({ id: push.id, payload: '"later"', from: 'carol', traceparent })
    expect(header?.pushedAt).toBeGreaterThanOrEqual(published.deliverAt ?? Number.POSITIVE_INFINITY)
    expect(header?.expiresAt).toBe((header?.pushedAt ?? 0) + 60_000)
    expect(await a.broker.publish(push)).toEqual({ ...published, duplicate: true })
    expect(await a.broker.cancel(push.id)).toBe(false)
    expect((await a.broker.receipt(push.id))?.pushedAt).toBe(header?.pushedAt)
  })

  test('a delayed push repeated with the same id before it is due goes out once', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'alice')
    const push = newPush('alice', { delaySeconds: 1 })
    const answers = await Promise.all(range(1, 10).map((index) => (index % 2 ? a : b).broker.publish(push)))
    expect(answers.filter(({ duplicate }) => duplicate)).toHaveLength(9)
    expect(new Set(answers.map(({ deliverAt }) => deliverAt)).size).toBe(1)
    await world.until('it is heard', () => a.ear.offsets('alice').length > 0)
    await world.settle(a)
    expect(a.ear.offsets('alice')).toEqual([1])
  })

  test('a cancelled push never goes out, and its id is free again', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'alice')
    const cancelled = newPush('alice', { delaySeconds: 1, payload: '"cancelled"' })
    const kept = newPush('alice', { delaySeconds: 1, payload: '"kept"' })
    await a.broker.publish(cancelled)
    expect(await b.broker.cancel(cancelled.id)).toBe(true)
    expect(await b.broker.cancel(cancelled.id)).toBe(false)
    expect(await b.broker.cancel('never-was')).toBe(false)
    expect(await a.broker.receipt(cancelled.id)).toBeNull()
    await a.broker.publish(kept)
    await world.until('the other is heard', () => a.ear.offsets('alice').length > 0)
    expect(a.ear.entries('alice').map(({ push }) => push.payload)).toEqual(['"kept"'])
    const again = await a.broker.publish({ ...cancelled, delaySeconds: 0, payload: '"now"' })
    expect(again).toMatchObject({ duplicate: false, deliverAt: null })
  })

  test('a push that was not delayed cannot be cancelled', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const push = newPush('alice')
    await a.broker.publish(push)
    expect(await a.broker.cancel(push.id)).toBe(false)
    expect(await a.broker.publish(push)).toMatchObject({ duplicate: true })
  })

  test('a delayed push to 600 identifiers reaches each once, and outlives the replica that took it', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const identifiers = range(1, 600).map((index) => `device:${index}`)
    await b.broker.attach(
      identifiers.map((identifier) => ({ identifier, subscriptions: 1, resume: null, after: null })),
    )
    const push = newPush(identifiers, { delaySeconds: 1 })
    expect(await a.broker.publish(push)).toMatchObject({ accepted: 600, duplicate: false })
    await a.broker[Symbol.asyncDispose]()
    const heard = () =>
      b.ear.arrivals.filter(({ push: { id } }) => id === push.id).flatMap(({ entries }) => entries)
    await world.until('all are heard', () => heard().length >= 600)
    await world.settle(b)
    expect(
      heard()
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual([...identifiers].sort())
    expect(heard().every(({ offset }) => offset === 1)).toBe(true)
  })

  test('a cancelled push to 600 identifiers reaches none', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const identifiers = range(1, 600).map((index) => `device:${index}`)
    const push = newPush(identifiers, { delaySeconds: 1 })
    await a.broker.publish(push)
    expect(await a.broker.cancel(push.id)).toBe(true)
    const marker = newPush('marker', { delaySeconds: 1 })
    await attach(a, 'marker')
    await a.broker.publish(marker)
    await world.until('a later one is heard', () => a.ear.offsets('marker').length === 1)
    expect((await a.broker.read('device:1', { epoch: '', offset: 0 }, 1)).tip).toBe(0)
    expect((await a.broker.read('device:600', { epoch: '', offset: 0 }, 1)).tip).toBe(0)
  })
}
