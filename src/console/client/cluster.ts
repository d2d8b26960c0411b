import type { ReplicaCardFragment } from '../generated/operations.ts'

/** What one second said of a replica; sparklines are drawn from them. */
export type Sample = Record<'cpu' | 'memory' | 'network' | 'delay' | 'sessions', number>

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

export interface Activity {
  readonly key: number
  readonly at: number
  readonly kind: 'joined' | 'draining' | 'drained' | 'undrained' | 'left' | 'gone'
  readonly replicaId: string
}

/** All that the console knows of the replicas, from the lists that it was sent. */
export interface Cluster {
  /** Null until the first list. */
  readonly replicas: readonly ReplicaCardFragment[] | null
  readonly gone: readonly Gone[]
  readonly history: ReadonlyMap<string, readonly Sample[]>
  /** Newest first. */
  readonly activity: readonly Activity[]
}

export const EMPTY_CLUSTER: Cluster = { replicas: null, gone: [], history: new Map(), activity: [] }

const HISTORY_SECONDS = 60
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
  const news = [
    ...left.map(({ id, ...rest }) => ({ kind: isDrained(rest) ? ('left' as const) : ('gone' as const), id })),
    // The first list tells what is there, not what has come.
    ...(cluster.replicas === null ? [] : replicas.flatMap((replica) => changesOf(replica, before))),
  ]
  const activity = news.map(({ kind, id }, index) => ({
    key: (cluster.activity[0]?.key ?? 0) + index + 1,
    at: now,
    kind,
    replicaId: id,
  }))
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
    activity: [...activity.reverse(), ...cluster.activity].slice(0, MAX_ACTIVITY),
  }
}

/** It holds no session any more, and takes none. */
export function isDrained({ state, sessions }: Pick<ReplicaCardFragment, 'state' | 'sessions'>): boolean {
  return state === 'DRAINING' && sessions === 0
}

function changesOf(replica: ReplicaCardFragment, before: readonly ReplicaCardFragment[]) {
  const { id } = replica
  const was = before.find((each) => each.id === id)
  if (!was) return [{ kind: 'joined' as const, id }]
  const changes: { kind: Activity['kind']; id: string }[] = []
  if (was.state !== 'DRAINING' && replica.state === 'DRAINING') changes.push({ kind: 'draining', id })
  if (was.state === 'DRAINING' && replica.state !== 'DRAINING') changes.push({ kind: 'undrained', id })
  if (!isDrained(was) && isDrained(replica)) changes.push({ kind: 'drained', id })
  return changes
}

function toSample({ health, sessions }: ReplicaCardFragment): Sample {
  return {
    sessions,
    cpu: health.cpuPercent,
    memory: health.memoryBytes,
    delay: health.eventLoopDelayMs,
    network: health.networkReceiveBytesPerSecond + health.networkTransmitBytesPerSecond,
  }
}
