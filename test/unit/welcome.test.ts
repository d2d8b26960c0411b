import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import type { ReplicaSnapshot } from '../../src/cluster/registry.ts'
import { createWelcome } from '../../src/server/welcome.ts'
import { randomFrom } from '../support/random.ts'
import { aReplica } from '../support/replicas.ts'

const NOW = new Date('2030-01-01T00:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
})

afterAll(() => {
  vi.useRealTimers()
})

const SELF = { id: 'self', url: 'ws://self/graphql' }

function welcomeOf(replicas: readonly ReplicaSnapshot[]) {
  const view = { replicas, asked: 0 }
  const registry = {
    replicas() {
      view.asked++
      return view.replicas
    },
  }
  return { view, welcome: createWelcome(SELF, registry, randomFrom(1)) }
}

test('a client is told where it is, and of three others at most that accept', () => {
  const { welcome } = welcomeOf([
    aReplica('self', NOW),
    aReplica('a', NOW),
    aReplica('b', NOW),
    aReplica('full', NOW, { sessions: 1_000 }),
    aReplica('draining', NOW, { state: 'DRAINING' }),
    aReplica('c', NOW),
    aReplica('d', NOW),
  ])
  const named = new Set<string>()
  for (let n = 0; n < 200; n++) {
    const { replica, alternates, sessionId } = welcome(`session ${n}`)
    expect({ replica, sessionId }).toEqual({ replica: SELF, sessionId: `session ${n}` })
    expect(new Set(alternates).size).toBe(3)
    for (const url of alternates) named.add(url)
  }
  expect([...named].sort()).toEqual(['a', 'b', 'c', 'd'].map((id) => `http://${id}.example`))
})

test('the first alternate follows the weights', () => {
  const { welcome } = welcomeOf([
    aReplica('self', NOW),
    aReplica('roomy', NOW, { sessions: 0 }),
    aReplica('tight', NOW, { sessions: 750 }),
  ])
  let roomy = 0
  for (let n = 0; n < 2_000; n++) {
    const { alternates } = welcome('')
    expect(alternates).toHaveLength(2)
    if (alternates[0] === 'http://roomy.example') roomy++
  }
  expect(roomy / 2_000).toBeCloseTo(0.8, 1)
})

test('who is alone names nobody', () => {
  expect(welcomeOf([aReplica('self', NOW)]).welcome('').alternates).toEqual([])
  expect(welcomeOf([]).welcome('').alternates).toEqual([])
})

test('many who come at once cost one look at the registry; a quarter of a second later it is another', () => {
  const { view, welcome } = welcomeOf([aReplica('self', NOW), aReplica('a', NOW)])
  for (let n = 0; n < 1_000; n++) welcome('')
  expect(view.asked).toBe(1)
  view.replicas = [aReplica('self', NOW), aReplica('b', NOW)]
  vi.setSystemTime(NOW.getTime() + 250)
  expect(welcome('').alternates).toEqual(['http://b.example'])
})
