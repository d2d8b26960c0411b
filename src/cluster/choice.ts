import { draw } from './draw.ts'
import type { Registry, ReplicaSnapshot } from './registry.ts'
import { acceptsAfter, shares } from './weight.ts'

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
 * Chooses where the next connection goes: two draws by weight, and the emptier of the two. What this process has sent to
 * a replica since that replica's load was written counts as if it were there, in weights, in fullness and in "emptier":
 * the apparent minimum of old loads is where everybody else goes as well (Mitzenmacher 2000, 2001), and nobody knows
 * better than we do what we have just sent. By two draws no replica gets more than twice its weight of any burst.
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
  const open = (replica: ReplicaSnapshot): boolean => acceptsAfter(replica, sentTo(replica))
  const fill = (replica: ReplicaSnapshot): number => (replica.sessions + sentTo(replica)) / replica.capacity
  const note = (replica: ReplicaSnapshot): void => {
    sent.set(replica.id, { since: replica.lastSeen.getTime(), count: sentTo(replica) + 1 })
  }
  const forgetAllBut = (living: readonly ReplicaSnapshot[]): void => {
    const ids = new Set(living.map(({ id }) => id))
    for (const id of sent.keys()) if (!ids.has(id)) sent.delete(id)
  }
  const pick = (replicas: readonly ReplicaSnapshot[], sticky: string | null): ReplicaSnapshot | null => {
    const last = sticky === null ? undefined : replicas.find(({ id }) => id === sticky)
    if (last && open(last)) return last
    const percents = shares(replicas, Date.now(), sentTo)
    const [one, other] = [replicas[draw(percents, random)], replicas[draw(percents, random)]]
    if (!one || !other) return null
    return fill(one) <= fill(other) ? one : other
  }

  return {
    choose(sticky, except) {
      const living = registry.replicas()
      const replicas = except?.size ? living.filter(({ id }) => !except.has(id)) : living
      const replica = pick(replicas, sticky)
      if (!replica) return null
      note(replica)
      if (sent.size > living.length) forgetAllBut(living)
      return {
        replica,
        // Most callers never ask.
        get alternates() {
          return replicas
            .filter((other) => other.id !== replica.id && open(other))
            .sort((a, b) => fill(a) - fill(b))
            .slice(0, MAX_ALTERNATES)
        },
      }
    },
  }
}
