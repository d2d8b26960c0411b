import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChooser } from '../../src/cluster/choice.ts'
import type { ReplicaSnapshot } from '../../src/cluster/registry.ts'
import { accepts } from '../../src/cluster/weight.ts'
import { randomFrom } from '../support/random.ts'
import { aReplica } from '../support/replicas.ts'

const NOW = new Date('2030-01-01T00:00:00Z')

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
})

afterAll(() => {
  vi.useRealTimers()
})

const chooserOf = (replicas: readonly ReplicaSnapshot[], random = randomFrom(1)) =>
  createChooser({ registry: { replicas: () => replicas }, random })

const anySeed = fc.integer({ min: 0, max: 2 ** 31 })

/** Busiest to mean, of what each replica got. */
function imbalance(counts: ReadonlyMap<string, number>): number {
  const all = [...counts.values()]
  return Math.max(...all) / (all.reduce((sum, count) => sum + count, 0) / all.length)
}

test('who was on a replica comes back to it while it accepts, whatever its load', () => {
  const almostFull = aReplica('b', NOW, { sessions: 900 })
  const chooser = chooserOf([aReplica('a', NOW), almostFull, aReplica('c', NOW)])
  for (let attempt = 0; attempt < 100; attempt++) {
    expect(chooser.choose('b')?.replica.id).toBe('b')
  }
})

test('who was on a replica that is gone, full, starting or draining is steered to another', () => {
  for (const change of [{ state: 'DRAINING' }, { state: 'STARTING' }, { sessions: 1_000 }] as const) {
    const chooser = chooserOf([aReplica('a', NOW), aReplica('b', NOW, change)])
    expect(chooser.choose('b')?.replica.id).toBe('a')
  }
  expect(chooserOf([aReplica('a', NOW)]).choose('gone')?.replica.id).toBe('a')
})

test('who was seen to refuse is left out of the draws and of the alternates', () => {
  const chooser = chooserOf([aReplica('a', NOW), aReplica('b', NOW), aReplica('c', NOW)])
  for (let draw = 0; draw < 50; draw++) {
    const choice = chooser.choose('a', new Set(['a', 'c']))
    expect(choice?.replica.id).toBe('b')
    expect(choice?.alternates).toEqual([])
  }
  expect(chooser.choose(null, new Set(['a', 'b', 'c']))).toBe(null)
})

test('neither a choice nor its alternates ever name a replica that does not accept, or one twice', () => {
  const anyReplica = fc.record({
    state: fc.constantFrom('STARTING', 'UP', 'UP', 'DRAINING'),
    sessions: fc.integer({ min: 0, max: 12 }),
    capacity: fc.integer({ min: 1, max: 10 }),
    lastSeen: fc.integer({ min: 0, max: 10_000 }).map((ms) => new Date(NOW.getTime() - ms)),
  })
  fc.assert(
    fc.property(
      fc.array(anyReplica, { maxLength: 8 }),
      fc.option(fc.integer({ min: 0, max: 8 })),
      anySeed,
      (changes, sticky, seed) => {
        const replicas = changes.map((change, index) => aReplica(`r-${index}`, NOW, change))
        const choice = chooserOf(replicas, randomFrom(seed)).choose(sticky === null ? null : `r-${sticky}`)
        expect(choice === null).toBe(!replicas.some(accepts))
        if (!choice) return
        const named = [choice.replica, ...choice.alternates]
        expect(named.every(accepts)).toBe(true)
        expect(new Set(named.map(({ id }) => id)).size).toBe(named.length)
        expect(named).toHaveLength(Math.min(4, replicas.filter(accepts).length))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a random number at either end of its range chooses a replica that accepts', () => {
  const replicas = [
    aReplica('a', NOW, { state: 'DRAINING' }),
    aReplica('b', NOW),
    aReplica('c', NOW, { sessions: 1_000 }),
  ]
  for (const number of [0, 1 - Number.EPSILON / 2]) {
    expect(chooserOf(replicas, () => number).choose(null)?.replica.id).toBe('b')
  }
})

test('alternates are the emptiest first, by share of capacity, three at most', () => {
  const replicas = [
    aReplica('sticky', NOW),
    aReplica('half', NOW, { sessions: 500 }),
    aReplica('small', NOW, { sessions: 30, capacity: 100 }),
    aReplica('most', NOW, { sessions: 900 }),
    aReplica('empty', NOW, { sessions: 1 }),
  ]
  const alternates = chooserOf(replicas).choose('sticky')?.alternates ?? []
  expect(alternates.map(({ id }) => id)).toEqual(['empty', 'small', 'half'])
})

test('no burst finds one replica: 5,000 choices on loads that never refresh stay even', () => {
  fc.assert(
    fc.property(anySeed, (seed) => {
      const replicas = [1, 2, 3, 4, 5].map((n) =>
        aReplica(`r-${n}`, NOW, { capacity: 20_000, sessions: 100 }),
      )
      const chooser = chooserOf(replicas, randomFrom(seed))
      const counts = new Map(replicas.map(({ id }) => [id, 0]))
      for (let n = 0; n < 5_000; n++) {
        const id = chooser.choose(null)?.replica.id ?? 'none'
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      expect(counts.size).toBe(5)
      expect(imbalance(counts)).toBeLessThanOrEqual(1.2)
    }),
    { numRuns: 20 },
  )
})

test('many that choose by themselves, each on the same old loads, stay even as well', () => {
  fc.assert(
    fc.property(anySeed, (seed) => {
      const replicas = [1, 2, 3, 4, 5].map((n) => aReplica(`r-${n}`, NOW, { capacity: 20_000 }))
      const random = randomFrom(seed)
      const choosers = Array.from({ length: 5 }, () => chooserOf(replicas, random))
      const counts = new Map(replicas.map(({ id }) => [id, 0]))
      for (let n = 0; n < 5_000; n++) {
        const id = choosers[n % choosers.length]?.choose(null)?.replica.id ?? 'none'
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      expect(imbalance(counts)).toBeLessThanOrEqual(1.2)
    }),
    { numRuns: 20 },
  )
})

test('an empty replica beside busy ones gets most, and never all', () => {
  const replicas = [
    aReplica('empty', NOW, { capacity: 20_000 }),
    ...[1, 2, 3, 4].map((n) => aReplica(`busy-${n}`, NOW, { capacity: 20_000, sessions: 10_000 })),
  ]
  const chooser = chooserOf(replicas)
  let empty = 0
  for (let n = 0; n < 1_000; n++) if (chooser.choose(null)?.replica.id === 'empty') empty++
  expect(empty).toBeGreaterThan(400)
  expect(empty).toBeLessThan(800)
})

test('what was sent to a replica counts until its next load, which contains it', () => {
  let replicas = [aReplica('a', NOW), aReplica('b', NOW)]
  // The first draw is a, the second b: the emptier of the two is taken, a where they are alike.
  let draws = 0
  const chooser = createChooser({
    registry: { replicas: () => replicas },
    random: () => (draws++ % 2 ? 0.9 : 0),
  })
  const choose = () => chooser.choose(null)?.replica.id
  expect([choose(), choose(), choose()]).toEqual(['a', 'b', 'a'])
  // Now a has 2 of ours and b has 1; a says that none of them came.
  const later = new Date(NOW.getTime() + 1_000)
  replicas = [aReplica('a', later), aReplica('b', NOW)]
  expect([choose(), choose()]).toEqual(['a', 'a'])
})

test('what was sent to a replica fills it: a burst never sends more than there is room for', () => {
  const replicas = [
    aReplica('small', NOW, { capacity: 20, sessions: 10 }),
    aReplica('large', NOW, { capacity: 100, sessions: 10 }),
  ]
  const chooser = chooserOf(replicas)
  const counts = new Map<string, number>()
  for (let n = 0; n < 100; n++) {
    const id = chooser.choose('small')?.replica.id ?? 'none'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  expect(counts).toEqual(
    new Map([
      ['small', 10],
      ['large', 90],
    ]),
  )
  expect(chooser.choose(null)).toBe(null)
})

test('what was sent counts in the weights: after a burst to one, the others are drawn', () => {
  const replicas = [aReplica('a', NOW), aReplica('b', NOW)]
  const chooser = chooserOf(replicas)
  for (let n = 0; n < 900; n++) chooser.choose('a')
  let a = 0
  for (let n = 0; n < 200; n++) if (chooser.choose(null)?.replica.id === 'a') a++
  // By the loads alone a would be drawn first half of the time, and taken in a quarter of the cases at least.
  expect(a).toBeLessThan(20)
})

test('two steering points with loads 2 s old spread 5,000 arrivals of a second: the busiest has 1.2 × the mean at most', () => {
  const anyCluster = fc.record({
    seed: anySeed,
    replicas: fc.integer({ min: 2, max: 20 }),
    sessions: fc.integer({ min: 0, max: 5_000 }),
  })
  fc.assert(
    fc.property(anyCluster, ({ seed, replicas: count, sessions }) => {
      const random = randomFrom(seed)
      const loads = Array.from({ length: count }, (_, n) =>
        aReplica(`r-${n}`, new Date(NOW.getTime() - 2_000), { capacity: 20_000, sessions }),
      )
      // What has become of them since: nobody who steers knows.
      const held = new Map(loads.map(({ id }) => [id, sessions * (0.95 + 0.1 * random())]))
      const points = [chooserOf(loads, random), chooserOf(loads, random)]
      for (let n = 0; n < 5_000; n++) {
        const id = points[Math.floor(random() * 2)]?.choose(null)?.replica.id ?? 'none'
        held.set(id, (held.get(id) ?? 0) + 1)
      }
      expect(held.size).toBe(count)
      expect(imbalance(held)).toBeLessThanOrEqual(1.2)
    }),
    { numRuns: 50 },
  )
})

test('loads that nobody renews any more: all that accept are alike, and what was sent still keeps them even', () => {
  const lastSeen = new Date(NOW.getTime() - 60_000)
  const replicas = [0, 0, 0, 900].map((sessions, n) => aReplica(`r-${n}`, NOW, { sessions, lastSeen }))
  const chooser = chooserOf(replicas)
  const counts = new Map(replicas.map(({ id }) => [id, 0]))
  for (let n = 0; n < 1_000; n++) {
    const id = chooser.choose(null)?.replica.id ?? 'none'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  // One draw of four is its, and it is taken where both are: a sixteenth.
  expect(counts.get('r-3')).toBeGreaterThan(30)
  expect(counts.get('r-3')).toBeLessThan(100)
  counts.delete('r-3')
  expect(imbalance(counts)).toBeLessThanOrEqual(1.05)
})

test('where others send as well, each choice counts for as many as the loads have shown', () => {
  let replicas = [aReplica('a', NOW), aReplica('b', NOW)]
  let draws = 0
  const chooser = createChooser({
    registry: { replicas: () => replicas },
    random: () => (draws++ % 2 ? 0.9 : 0),
  })
  for (let n = 0; n < 20; n++) chooser.choose('a')
  for (let n = 0; n < 30; n++) chooser.choose('b')
  // For our 20, 80 came to a: four to one. So b, whose load is old, has 120 by now rather than 30.
  replicas = [aReplica('a', new Date(NOW.getTime() + 1_000), { sessions: 80 }), aReplica('b', NOW)]
  expect(chooser.choose(null)?.replica.id).toBe('a')
})
