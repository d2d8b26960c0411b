import type { Registry, ReplicaSnapshot } from './registry.ts'
import { accepts, weights } from './weight.ts'

const MAX_ALTERNATES = 3

export interface Choice {
  readonly replica: ReplicaSnapshot
  /** Others that accept, the emptiest first. */
  readonly alternates: readonly ReplicaSnapshot[]
}

export interface Chooser {
  /**
   * `sticky`: the replica that the client was on; it is chosen again while it accepts. `except`: those that were just seen
   * to refuse. Null when no other accepts.
   */
  choose(sticky: string | null, except?: ReadonlySet<string>): Choice | null
}

/**
 * Chooses where the next connection goes: two draws by weight, and the emptier of the two. "Emptier" counts in what this
 * process has sent to a replica since that replica's load was written: the apparent minimum of old loads is where
 * everybody else goes as well (Mitzenmacher 2000, 2001), and nobody knows better than we do what we have just sent.
 */
export function createChooser({
  registry,
  random = Math.random,
}: {
  registry: Pick<Registry, 'replicas'>
  random?: () => number
}): Chooser {
  const sent = new Map<string, { since: number; count: number }>()

  const sentTo = (replica: ReplicaSnapshot): number => {
    const known = sent.get(replica.id)
    return known && known.since === replica.lastSeen.getTime() ? known.count : 0
  }
  const fill = (replica: ReplicaSnapshot): number => (replica.sessions + sentTo(replica)) / replica.capacity
  const note = (replica: ReplicaSnapshot): void => {
    const count = sentTo(replica) + 1
    sent.set(replica.id, { since: replica.lastSeen.getTime(), count })
  }
  const draw = (
    replicas: readonly ReplicaSnapshot[],
    shares: ReadonlyMap<string, number>,
  ): ReplicaSnapshot | null => {
    let rest = random() * 100
    for (const replica of replicas) {
      rest -= shares.get(replica.id) ?? 0
      if (rest < 0) return replica
    }
    return replicas.findLast((replica) => (shares.get(replica.id) ?? 0) > 0) ?? null
  }
  const pick = (replicas: readonly ReplicaSnapshot[], sticky: string | null): ReplicaSnapshot | null => {
    const last = sticky === null ? undefined : replicas.find(({ id }) => id === sticky)
    if (last && accepts(last)) return last
    const shares = weights(replicas, new Date())
    const [one, other] = [draw(replicas, shares), draw(replicas, shares)]
    if (!one || !other) return one ?? other
    return fill(one) <= fill(other) ? one : other
  }

  return {
    choose(sticky, except) {
      const living = registry.replicas()
      const replicas = except?.size ? living.filter(({ id }) => !except.has(id)) : living
      const replica = pick(replicas, sticky)
      if (!replica) return null
      note(replica)
      const ids = new Set(living.map(({ id }) => id))
      for (const id of sent.keys()) if (!ids.has(id)) sent.delete(id)
      const alternates = replicas
        .filter((other) => other.id !== replica.id && accepts(other))
        .sort((a, b) => fill(a) - fill(b))
        .slice(0, MAX_ALTERNATES)
      return { replica, alternates }
    },
  }
}
