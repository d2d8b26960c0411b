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

/** What a steering point knows of a replica besides its load. */
interface Known {
  readonly writtenAt: number
  readonly sessions: number
  /** Choices made since. */
  sent: number
}

/** How much of what was learnt of others is still believed after another load. */
const MEMORY = 0.9
/** Of fewer choices of ours nothing can be learnt. */
const ENOUGH = 10
const MAX_OTHERS = 64

/**
 * Chooses where the next connection goes: two draws by weight, and the emptier of the two. What this process has sent to
 * a replica since that replica's load was written counts as if it were there, in weights, in fullness and in "emptier":
 * the apparent minimum of old loads is where everybody else goes as well (Mitzenmacher 2000, 2001), and nobody knows
 * better than we do what we have just sent. Others send too: a replica whose load is young shows theirs, one whose load is
 * old does not, and would look empty for that alone. So each choice of ours stands for as many arrivals as the loads have
 * shown before. By two draws no replica gets more than twice its weight of any burst.
 */
export function createChooser({
  registry,
  random = Math.random,
  now = Date.now,
}: {
  registry: Pick<Registry, 'replicas'>
  random?: () => number
  /** ms since 1970, as in `lastSeen` */
  now?: () => number
}): Chooser {
  const known = new Map<string, Known>()
  let [grown, ours] = [0, 0]

  /** What is known of a replica since its present load was written. */
  const sinceLoad = (replica: ReplicaSnapshot): Known => {
    const before = known.get(replica.id)
    const writtenAt = replica.lastSeen.getTime()
    if (before?.writtenAt === writtenAt) return before
    if (before) {
      grown = MEMORY * grown + Math.max(0, replica.sessions - before.sessions)
      ours = MEMORY * ours + before.sent
    }
    const now = { writtenAt, sessions: replica.sessions, sent: 0 }
    known.set(replica.id, now)
    return now
  }
  /** Others send as well. As far as loads have shown: so many come to replicas for each one that we send. */
  const others = (): number => (ours < ENOUGH ? 1 : Math.min(MAX_OTHERS, Math.max(1, grown / ours)))
  const sentTo = (replica: ReplicaSnapshot): number => sinceLoad(replica).sent * others()
  const open = (replica: ReplicaSnapshot): boolean => acceptsAfter(replica, sentTo(replica))
  const fill = (replica: ReplicaSnapshot): number => (replica.sessions + sentTo(replica)) / replica.capacity
  const forgetAllBut = (living: readonly ReplicaSnapshot[]): void => {
    const ids = new Set(living.map(({ id }) => id))
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
  }
  const pick = (replicas: readonly ReplicaSnapshot[], sticky: string | null): ReplicaSnapshot | null => {
    const last = sticky === null ? undefined : replicas.find(({ id }) => id === sticky)
    if (last && open(last)) return last
    const percents = shares(replicas, now(), sentTo)
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
      sinceLoad(replica).sent++
      if (known.size > living.length) forgetAllBut(living)
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
