import type { ReplicaSnapshot } from './registry.ts'
import { accepts } from './weight.ts'

/**
 * How many sessions each replica holds above `threshold` × the mean of those that accept; only those with a surplus.
 * Empty where fewer than two accept: there is nowhere to move to.
 */
export function surpluses(replicas: readonly ReplicaSnapshot[], threshold: number): Map<string, number> {
  const accepting = replicas.filter(accepts)
  if (accepting.length < 2) return new Map()
  const mean = accepting.reduce((sum, { sessions }) => sum + sessions, 0) / accepting.length
  const above = accepting.map(({ id, sessions }) => [id, Math.floor(sessions - threshold * mean)] as const)
  return new Map(above.filter(([, surplus]) => surplus > 0))
}
