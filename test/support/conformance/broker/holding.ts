import { expect, test } from 'vitest'
import { attach, type CreateCluster, detach, newPush, openWorld, pushMany, range } from './world.ts'

export function holding(create: CreateCluster): void {
  test('attach answers the tip; everything after it arrives, nothing before it', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 3)
    const attached = await attach(a, 'alice')
    expect(attached).toMatchObject({
      tip: 3,
      from: 3,
      redeliveredThrough: 0,
      resumed: false,
      mayMiss: false,
    })
    await pushMany(a, 'alice', 2)
    await world.settle(a)
    expect(a.ear.offsets('alice')).toEqual([4, 5])
    expect(a.ear.entries('alice')[0]?.epoch).toBe(attached.epoch)
  })

  test('attaching while others push: each message is either below the tip or arrives, once', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const identifiers = range(1, 40).map((index) => `race:${index}`)
    const rounds = identifiers.map(async (identifier, index) => {
      const before = range(1, index % 7).map(() => b.broker.publish(newPush(identifier)))
      const attaching = attach(a, identifier)
      const after = range(1, 10).map(() => b.broker.publish(newPush(identifier)))
      await Promise.all([...before, ...after])
      return { identifier, count: before.length + after.length, tip: (await attaching).tip }
    })
    const results = await Promise.all(rounds)
    await world.settle(a)
    for (const { identifier, count, tip } of results) {
      expect(a.ear.offsets(identifier)).toEqual(range(tip + 1, count))
    }
  })

  test('holder commands take effect in the order of the calls, awaited or not', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const calls: Promise<unknown>[] = []
    for (let round = 0; round < 100; round++) {
      calls.push(attach(a, 'stays'), detach(a, 'stays'), attach(a, 'stays'))
      calls.push(
        attach(a, 'goes'),
        a.broker.rehold([{ identifier: 'goes', subscriptions: 1, epoch: '', offset: 0 }]),
      )
      calls.push(detach(a, 'goes'))
    }
    await Promise.all(calls)
    expect(await a.broker.publish(newPush(['stays', 'goes']))).toMatchObject({ offline: ['goes'] })
  })

  test('attaching to many answers in the order asked', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'id:7', 2)
    const identifiers = range(1, 600).map((index) => `id:${index}`)
    const answers = await a.broker.attach(
      identifiers.map((identifier) => ({ identifier, subscriptions: 1, resume: null, after: null })),
    )
    expect(answers.map(({ identifier }) => identifier)).toEqual(identifiers)
    expect(answers.map(({ tip }) => tip)).toEqual(identifiers.map((_, index) => (index === 6 ? 2 : 0)))
  })

  test('saying again what is held answers the tips in the order asked', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const identifiers = range(1, 700).map((index) => `id:${index}`)
    await pushMany(b, 'id:300', 4)
    const tips = await a.broker.rehold(
      identifiers.map((identifier) => ({ identifier, subscriptions: 2, epoch: 'unknown', offset: 0 })),
    )
    expect(tips.map(({ identifier }) => identifier)).toEqual(identifiers)
    expect(tips[299]?.tip).toBe(4)
    expect(await b.broker.presence(['id:1'])).toMatchObject([{ subscriptions: 2, replicaIds: ['a'] }])
    expect(await a.broker.rehold([])).toEqual([])
  })

  test('a position beyond the tip means that the store lost its end: a new epoch, whose offsets go on', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const { epoch } = await attach(a, 'alice')
    await attach(b, 'alice')
    await pushMany(a, 'alice', 2)
    const held = { identifier: 'alice', subscriptions: 1, epoch, offset: 9 }
    const [tip] = await a.broker.rehold([held])
    expect(tip?.tip).toBe(2)
    expect(tip?.epoch).not.toBe(epoch)
    const [same] = await b.broker.rehold([held])
    expect(same).toEqual(tip)
    await pushMany(a, 'alice', 1)
    await world.settle(a)
    expect(a.ear.entries('alice').at(-1)).toMatchObject({ epoch: tip?.epoch, offset: 3 })
    const read = async (offset: number) => {
      const page = await a.broker.read('alice', { epoch, offset }, 10)
      expect(page).toMatchObject({ epoch: tip?.epoch, tip: 3, lost: 0, kept: 2, lossy: true })
      return page.messages.map(({ offset }) => offset)
    }
    expect(await read(1)).toEqual([2, 3])
    expect(await read(9)).toEqual([3])
    // In the epoch of now nothing is lost.
    const now = await a.broker.read('alice', { epoch: tip?.epoch ?? '', offset: 2 }, 10)
    expect(now).toMatchObject({ kept: 3, lossy: false })
  })

  test('an epoch before the former one is the same through the least that was kept since; four are remembered', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    let { epoch } = await attach(a, 'alice')
    const epochs = [epoch]
    for (let n = 1; n <= 5; n++) {
      await pushMany(a, 'alice', 1)
      const [tip] = await a.broker.rehold([{ identifier: 'alice', subscriptions: 1, epoch, offset: 99 }])
      epoch = tip?.epoch ?? ''
      epochs.push(epoch)
    }
    const kept = await Promise.all(
      epochs.map(async (former) => (await a.broker.read('alice', { epoch: former, offset: 9 }, 1)).kept),
    )
    expect(kept).toEqual([null, 2, 3, 4, 5, 5])
    expect((await a.broker.readBefore('alice', { epoch: epochs[2] ?? '', offset: 9 }, 9)).through).toBe(3)
  })

  test('presence says who holds an identifier, with how many subscriptions, and when the last one went', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const nobody = { subscriptions: 0, replicaIds: [], lastSeen: null }
    expect(await a.broker.presence(['alice', 'bob'])).toEqual([
      { identifier: 'alice', ...nobody },
      { identifier: 'bob', ...nobody },
    ])
    await attach(a, 'alice', { subscriptions: 2 })
    await attach(b, 'alice')
    const [state] = await a.broker.presence(['alice'])
    expect(state).toMatchObject({ subscriptions: 3, lastSeen: null })
    expect([...(state?.replicaIds ?? [])].sort()).toEqual(['a', 'b'])
    expect(await a.broker.lastReplica('alice')).toBe('b')
    await detach(a, 'alice')
    await detach(b, 'alice')
    const [gone] = await a.broker.presence(['alice'])
    expect(gone).toMatchObject({ subscriptions: 0, replicaIds: [] })
    expect(gone?.lastSeen).toEqual(expect.any(Number))
    expect(await a.broker.lastReplica('alice')).toBe('b')
    expect(await a.broker.lastReplica('nobody')).toBeNull()
  })

  test('who watches presence is told when holders come, change and go, and when a replica is forgotten', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    let calls: string[] = []
    const unwatch = await a.broker.watchPresence(['alice', 'bob'], (identifier) => calls.push(identifier))
    const told = async (identifier: string) => {
      await world.until(`${identifier} is told of`, () => calls.includes(identifier))
      calls = []
    }
    await attach(b, 'alice')
    await told('alice')
    await attach(b, 'alice', { subscriptions: 2 })
    await told('alice')
    await attach(b, 'bob')
    await told('bob')
    await detach(b, 'bob')
    await told('bob')
    await b.broker.rehold([{ identifier: 'alice', subscriptions: 2, epoch: '', offset: 0 }])
    await attach(b, 'bob')
    await world.until('bob is told of', () => calls.includes('bob'))
    expect(calls).toEqual(['bob'])
    calls = []
    await a.broker.forgetReplica('b')
    await told('alice')
    await unwatch()
    await detach(b, 'alice')
    await world.settle(a)
    expect(calls).toEqual([])
  })

  test('a forgotten replica holds nothing, whatever it held', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(a, 'both')
    await attach(b, 'both')
    await attach(b, 'only')
    await a.broker.forgetReplica('b')
    await a.broker.forgetReplica('b')
    await a.broker.forgetReplica('never-was')
    const [only, both] = await a.broker.presence(['only', 'both'])
    expect(only).toMatchObject({ subscriptions: 0, replicaIds: [], lastSeen: expect.any(Number) })
    expect(both).toMatchObject({ subscriptions: 1, replicaIds: ['a'], lastSeen: null })
    expect(await a.broker.publish(newPush(['only', 'both']))).toMatchObject({ offline: ['only'] })
    expect(await a.broker.presence(['only'])).toMatchObject([{ lastSeen: expect.any(Number) }])
  })

  test('a replica that was forgotten but lives is told, says again what it holds, and hears everything again', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const { epoch } = await attach(b, 'alice')
    b.ear.onInterrupted = () => {
      void b.broker.rehold([{ identifier: 'alice', subscriptions: 1, epoch, offset: 0 }])
    }
    for (let round = 1; round <= 3; round++) {
      const { interruptions } = b.ear
      await a.broker.forgetReplica('b')
      await world.until('it is told', () => b.ear.interruptions > interruptions)
      await world.until(
        'it holds again',
        async () => (await a.broker.presence(['alice']))[0]?.subscriptions === 1,
      )
      await a.broker.publish(newPush('alice'))
      await world.settle(b)
      expect(b.ear.offsets('alice')).toEqual(range(1, round))
    }
  })

  test('a forgotten replica that attaches at once holds what it attached to', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    await attach(b, 'before')
    await a.broker.forgetReplica('b')
    await attach(b, 'after')
    expect(await a.broker.publish(newPush(['after']))).toMatchObject({ offline: [] })
    await world.until('it is told that the rest is void', () => b.ear.interruptions >= 1)
    await world.settle(b)
    expect(b.ear.offsets('after')).toEqual([1])
  })
}
