import type { ReplicaCardFragment } from '../generated/operations.ts'

/** What one second said of a replica; sparklines are drawn from them. */
export type Sample = Record<'cpu' | 'memory' | 'network' | 'delay', number>

/** What one second said of all replicas together. */
export type Total = Record<'sessions' | 'capacity' | 'pushes' | 'deliveries', number>

/** A replica that was there and is not any more. */
export interface Gone {
  readonly id: string
  /** When it was noticed, milliseconds since the epoch. */
  readonly at: number
  /** It had moved all its sessions away before. */
  readonly drained: boolean
  /** Sessions that it held when it was last heard of. */
  readonly sessions: number
}

export type Change = 'joined' | 'draining' | 'drained' | 'undrained' | 'left' | 'gone'

/** Something that happened to a replica, or a rebalance that ended. */
export type News =
  | { readonly kind: Change; readonly replicaId: string }
  | { readonly kind: 'rebalanced'; readonly moved: number; readonly sessions: number }

export type Activity = News & { readonly key: number; readonly at: number }

/** A rebalance that was begun here and goes on. */
export interface Rebalance {
  /** How many sessions are to move. */
  readonly sessions: number
  /** How many have left the replicas that held too many. */
  readonly moved: number
  /** When the last of them was told to go at the latest, milliseconds since the epoch. */
  readonly until: number
  /** What each replica held at first. */
  readonly before: ReadonlyMap<string, number>
}

/** All that the console knows of the replicas, from the lists that it was sent. */
export interface Cluster {
  /** Null until the first list. */
  readonly replicas: readonly ReplicaCardFragment[] | null
  readonly gone: readonly Gone[]
  /** The last minute, oldest first. */
  readonly history: ReadonlyMap<string, readonly Sample[]>
  readonly totals: readonly Total[]
  /** Newest first. */
  readonly activity: readonly Activity[]
  readonly rebalance: Rebalance | null
}

export const EMPTY_CLUSTER: Cluster = {
  replicas: null,
  gone: [],
  history: new Map(),
  totals: [],
  activity: [],
  rebalance: null,
}

const HISTORY_SECONDS = 60
/** How much later than told to go a session may be seen to have gone. */
const REBALANCE_GRACE_MS = 3_000 // 3 seconds
const MAX_ACTIVITY = 50
const MAX_GONE = 10

/** The next state, by the list that has just come. */
export function withReplicas(
  cluster: Cluster,
  replicas: readonly ReplicaCardFragment[],
  now: number,
): Cluster {
  const before = cluster.replicas ?? []
  const left = before.filter(({ id }) => !replicas.some((replica) => replica.id === id))
  const rebalance = cluster.rebalance && withMoved(cluster.rebalance, replicas)
  const rebalanced = rebalance !== null && (rebalance.moved === rebalance.sessions || now > rebalance.until)
  const news: News[] = [
    ...left.map(
      (replica) => ({ kind: isDrained(replica) ? 'left' : 'gone', replicaId: replica.id }) as const,
    ),
    // The first list tells what is there, not what has come.
    ...(cluster.replicas === null ? [] : replicas.flatMap((replica) => changesOf(replica, before))),
    ...(rebalanced
      ? [{ kind: 'rebalanced', moved: rebalance.moved, sessions: rebalance.sessions } as const]
      : []),
  ]
  const lastKey = cluster.activity[0]?.key ?? 0
  const activity = news.map((each, index) => ({ ...each, key: lastKey + index + 1, at: now }))
  const gone = left.map((replica) => ({
    id: replica.id,
    at: now,
    drained: isDrained(replica),
    sessions: replica.sessions,
  }))
  const isBack = ({ id }: Gone) => replicas.some((replica) => replica.id === id)
  return {
    replicas,
    gone: [...gone, ...cluster.gone.filter((each) => !isBack(each))].slice(0, MAX_GONE),
    history: new Map(
      replicas.map((replica) => [
        replica.id,
        [...(cluster.history.get(replica.id) ?? []), toSample(replica)].slice(-HISTORY_SECONDS),
      ]),
    ),
    totals: [...cluster.totals, totalOf(replicas)].slice(-HISTORY_SECONDS),
    activity: [...activity.reverse(), ...cluster.activity].slice(0, MAX_ACTIVITY),
    rebalance: rebalanced ? null : rebalance,
  }
}

/** The next state when so many sessions have begun to move, evenly over so many seconds. */
export function withRebalance(cluster: Cluster, sessions: number, seconds: number, now: number): Cluster {
  const before = new Map((cluster.replicas ?? []).map((replica) => [replica.id, replica.sessions]))
  const until = now + seconds * 1_000 + REBALANCE_GRACE_MS
  return { ...cluster, rebalance: { sessions, moved: 0, until, before } }
}

/** Never less than was seen before: those who left may come back, to be counted once. */
function withMoved(rebalance: Rebalance, replicas: readonly ReplicaCardFragment[]): Rebalance {
  const left = replicas.reduce(
    (sum, { id, sessions }) => sum + Math.max(0, (rebalance.before.get(id) ?? sessions) - sessions),
    0,
  )
  return { ...rebalance, moved: Math.min(rebalance.sessions, Math.max(rebalance.moved, left)) }
}

/** It holds no session any more, and takes none. */
export function isDrained({ state, sessions }: Pick<ReplicaCardFragment, 'state' | 'sessions'>): boolean {
  return state === 'DRAINING' && sessions === 0
}

function changesOf(replica: ReplicaCardFragment, before: readonly ReplicaCardFragment[]) {
  const { id } = replica
  const was = before.find((each) => each.id === id)
  if (!was) return [{ kind: 'joined' as const, replicaId: id }]
  const changes: Change[] = []
  if (was.state !== 'DRAINING' && replica.state === 'DRAINING') changes.push('draining')
  if (was.state === 'DRAINING' && replica.state !== 'DRAINING') changes.push('undrained')
  if (!isDrained(was) && isDrained(replica)) changes.push('drained')
  return changes.map((kind) => ({ kind, replicaId: id }))
}

function totalOf(replicas: readonly ReplicaCardFragment[]): Total {
  const sum = (read: (replica: ReplicaCardFragment) => number) =>
    replicas.reduce((total, replica) => total + read(replica), 0)
  return {
    sessions: sum(({ sessions }) => sessions),
    capacity: sum(({ capacity }) => capacity),
    pushes: sum(({ rates }) => rates.pushesPerSecond),
    deliveries: sum(({ rates }) => rates.deliveredPerSecond),
  }
}

function toSample({ health }: ReplicaCardFragment): Sample {
  return {
    cpu: health.cpuPercent,
    memory: health.memoryBytes,
    delay: health.eventLoopDelayMs,
    network: health.networkReceiveBytesPerSecond + health.networkTransmitBytesPerSecond,
  }
}
