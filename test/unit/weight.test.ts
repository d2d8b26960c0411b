import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReplicaSnapshot } from '../../src/cluster/registry.ts'
import { accepts, STALE_AFTER_MS, shares as sharesAfter, weights } from '../../src/cluster/weight.ts'
import { aReplica, HEALTHY } from '../support/replicas.ts'

const NOW = new Date('2030-01-01T00:00:00Z')
const ago = (ms: number) => new Date(NOW.getTime() - ms)
const NEARLY = 1e-9

const anyReplica: fc.Arbitrary<Omit<ReplicaSnapshot, 'id'>> = fc
  .record({
    state: fc.constantFrom('STARTING', 'UP', 'UP', 'UP', 'DRAINING'),
    capacity: fc.integer({ min: 1, max: 100_000 }),
    fill: fc.double({ min: 0, max: 1.2, noNaN: true }),
    cpuPercent: fc.double({ min: 0, max: 800, noNaN: true }),
    eventLoopDelayMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
    // Clocks differ: what they say of the start means nothing.
    uptimeMs: fc.integer({ min: 0, max: 60_000 }),
    startedAgoMs: fc.integer({ min: -100_000, max: 100_000 }),
    unheardMs: fc.oneof(fc.integer({ min: -100, max: 1_500 }), fc.integer({ min: 0, max: 20_000 })),
  })
  .map(({ state, capacity, fill, cpuPercent, eventLoopDelayMs, uptimeMs, startedAgoMs, unheardMs }) =>
    aReplica('', NOW, {
      state,
      capacity,
      sessions: Math.round(capacity * fill),
      uptimeMs,
      startedAt: ago(startedAgoMs),
      lastSeen: ago(unheardMs),
      health: { ...HEALTHY, cpuPercent, eventLoopDelayMs },
    }),
  )

const anyReplicas = fc
  .array(anyReplica, { maxLength: 8 })
  .map((replicas) => replicas.map((replica, index) => ({ ...replica, id: `r-${index}` })))

const isStale = ({ lastSeen }: ReplicaSnapshot) => NOW.getTime() - lastSeen.getTime() > STALE_AFTER_MS

/** Weights in the order of the replicas, rounded to a hundredth. */
function shares(replicas: readonly ReplicaSnapshot[]): number[] {
  const all = weights(replicas, NOW)
  return replicas.map(({ id }) => Math.round((all.get(id) ?? Number.NaN) * 100) / 100)
}

test('weights are never negative, and all together 100, or 0 where none accepts', () => {
  fc.assert(
    fc.property(anyReplicas, (replicas) => {
      const all = [...weights(replicas, NOW).values()]
      expect(all).toHaveLength(replicas.length)
      expect(all.every((weight) => weight >= 0 && weight <= 100 + NEARLY)).toBe(true)
      const sum = all.reduce((total, weight) => total + weight, 0)
      expect(Math.abs(sum - (replicas.some(accepts) ? 100 : 0))).toBeLessThan(NEARLY)
    }),
    { numRuns: 1_000 },
  )
})

test('whatever does not accept has no weight, and what does accept and is fresh always has some', () => {
  fc.assert(
    fc.property(anyReplicas, (replicas) => {
      const all = weights(replicas, NOW)
      for (const replica of replicas) {
        if (!accepts(replica)) expect(all.get(replica.id)).toBe(0)
        else if (!isStale(replica)) expect(all.get(replica.id)).toBeGreaterThan(0)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a replica with more room never gets less, and the others then never get more', () => {
  const more = fc.record({ left: fc.nat(1_000), added: fc.nat(1_000) })
  const fresh = anyReplicas
    .map((replicas) => replicas.map((replica) => ({ ...replica, lastSeen: NOW })))
    .filter((replicas) => replicas.length > 0)
  fc.assert(
    fc.property(fresh, more, ([first, ...rest], { left, added }) => {
      if (!first) return
      const sessions = Math.max(0, first.sessions - left)
      const roomier = { ...first, sessions, capacity: first.capacity + added }
      const before = weights([first, ...rest], NOW)
      const after = weights([roomier, ...rest], NOW)
      const change = (id: string) => (after.get(id) ?? 0) - (before.get(id) ?? 0)
      expect(change(first.id)).toBeGreaterThan(-NEARLY)
      for (const { id } of rest) {
        // Where nothing accepted before, there was nothing to lose.
        if (accepts(first)) expect(change(id)).toBeLessThan(NEARLY)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('room is what counts: a replica with three times the room gets three times the share', () => {
  const small = aReplica('small', NOW, { capacity: 100, sessions: 50 })
  const large = aReplica('large', NOW, { capacity: 1_000, sessions: 850 })
  expect(shares([small, large])).toEqual([25, 75])
})

test('a replica that starts, drains, is full or was not heard of gets nothing', () => {
  const up = aReplica('up', NOW)
  for (const change of [
    { state: 'STARTING' },
    { state: 'DRAINING' },
    { sessions: 1_000 },
    { sessions: 1_001 },
    { lastSeen: ago(STALE_AFTER_MS + 1) },
  ] as const) {
    expect(shares([up, aReplica('other', NOW, change)])).toEqual([100, 0])
  }
  expect(shares([up, aReplica('other', NOW, { lastSeen: ago(STALE_AFTER_MS) })])).toEqual([50, 50])
})

test('where nothing was heard of anyone, all that accept get the same', () => {
  const lastSeen = ago(60_000)
  const unheard = [
    aReplica('empty', NOW, { lastSeen }),
    aReplica('half', NOW, { lastSeen, sessions: 500 }),
    aReplica('full', NOW, { lastSeen, sessions: 1_000 }),
    aReplica('draining', NOW, { lastSeen, state: 'DRAINING' }),
  ]
  expect(shares(unheard)).toEqual([50, 50, 0, 0])
  // One that is fresh and takes nobody tells nothing of the others.
  expect(shares([...unheard, aReplica('fresh', NOW, { state: 'DRAINING' })])).toEqual([50, 50, 0, 0, 0])
  expect(shares([...unheard, aReplica('fresh', NOW)])).toEqual([0, 0, 0, 0, 100])
})

test('where none accepts, all weights are 0', () => {
  expect(shares([])).toEqual([])
  expect(
    shares([aReplica('a', NOW, { state: 'DRAINING' }), aReplica('b', NOW, { sessions: 1_000 })]),
  ).toEqual([0, 0])
})

test('a replica that has just started gets a tenth at first and its whole share after ten seconds', () => {
  const warm = aReplica('warm', NOW)
  const ofCold = (uptimeMs: number, more: Partial<ReplicaSnapshot> = {}) => {
    const [warmShare = 0, coldShare = 0] = shares([warm, aReplica('cold', NOW, { uptimeMs, ...more })])
    return coldShare / warmShare
  }
  expect(ofCold(0)).toBeCloseTo(0.1, 2)
  expect(ofCold(5_000)).toBeCloseTo(0.55, 2)
  expect(ofCold(10_000)).toBe(1)
  expect(ofCold(3_600_000)).toBe(1)
  // It goes on while nothing new is heard, and whatever its clock says of its start.
  expect(ofCold(2_000, { lastSeen: ago(3_000) })).toBeCloseTo(0.55, 2)
  for (const startedAt of [ago(-3_600_000), ago(3_600_000)]) {
    expect(ofCold(5_000, { startedAt })).toBeCloseTo(0.55, 2)
  }
})

test('a replica that has just started and is alone gets everything', () => {
  expect(shares([aReplica('cold', NOW, { uptimeMs: 0 })])).toEqual([100])
})

test('a replica that is slow gets less, the slower the less, but never nothing', () => {
  const well = aReplica('well', NOW)
  const ofSlow = (health: Partial<typeof HEALTHY>) => {
    const slow = aReplica('slow', NOW, { health: { ...HEALTHY, ...health } })
    const [wellShare = 0, slowShare = 0] = shares([well, slow])
    return slowShare / wellShare
  }
  expect(ofSlow({ eventLoopDelayMs: 20, cpuPercent: 70 })).toBe(1)
  expect(ofSlow({ eventLoopDelayMs: 260 })).toBeCloseTo(0.5, 2)
  expect(ofSlow({ cpuPercent: 85 })).toBeCloseTo(0.5, 2)
  expect(ofSlow({ eventLoopDelayMs: 260, cpuPercent: 94 })).toBeCloseTo(0.2, 2)
  expect(ofSlow({ eventLoopDelayMs: 60_000, cpuPercent: 800 })).toBeCloseTo(0.1, 2)
})

test('what was sent to a replica never raises its share, nor lowers that of another, and fills it in the end', () => {
  const fresh = anyReplicas
    .map((replicas) => replicas.map((replica) => ({ ...replica, lastSeen: NOW })))
    .filter((replicas) => replicas.length > 0)
  fc.assert(
    fc.property(fresh, fc.nat(1_000), (replicas, sent) => {
      const to = (count: number) =>
        sharesAfter(replicas, NOW.getTime(), ({ id }) => (id === 'r-0' ? count : 0))
      const [before, after, full] = [to(0), to(sent), to(1_000_000)]
      expect(full[0]).toBe(0)
      expect((after[0] ?? 0) - (before[0] ?? 0)).toBeLessThan(NEARLY)
      // Where the others take nobody, nothing of it can go to them.
      for (const index of replicas.keys()) {
        if (index > 0) expect((after[index] ?? 0) - (before[index] ?? 0)).toBeGreaterThan(-NEARLY)
      }
    }),
    { numRuns: 1_000 },
  )
})
