import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { surpluses } from '../../src/cluster/surplus.ts'
import { aReplica } from '../support/replicas.ts'

const now = new Date()
const replicas = (sessions: readonly number[]) =>
  sessions.map((each, index) => aReplica(`r${index}`, now, { sessions: each, capacity: 1_000_000 }))

describe('the surplus of a replica', () => {
  it('is what it holds above the threshold times the mean', () => {
    expect(surpluses(replicas([100, 20, 30]), 1.2)).toEqual(new Map([['r0', 40]]))
    expect(surpluses(replicas([50, 50]), 1)).toEqual(new Map())
  })

  it('is nothing where there is nowhere to move to', () => {
    expect(surpluses(replicas([100]), 1)).toEqual(new Map())
    const draining = aReplica('d', now, { state: 'DRAINING', sessions: 0 })
    expect(surpluses([...replicas([100]), draining], 1)).toEqual(new Map())
  })

  it('never takes a replica below the mean, and leaves none above the threshold', () => {
    const sessions = fc.array(fc.nat({ max: 10_000 }), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(sessions, fc.double({ min: 1, max: 3, noNaN: true }), (counts, threshold) => {
        const mean = counts.reduce((sum, each) => sum + each, 0) / counts.length
        const moved = surpluses(replicas(counts), threshold)
        for (const [index, count] of counts.entries()) {
          const left = count - (moved.get(`r${index}`) ?? 0)
          if (moved.has(`r${index}`)) expect(left).toBeGreaterThanOrEqual(mean)
          expect(left).toBeLessThan(threshold * mean + 1 + 1e-6)
        }
      }),
    )
  })
})
