import { createContext, type ReactNode, useContext, useEffect, useReducer } from 'react'
import { type CombinedError, useSubscription } from 'urql'
import { type ReplicaCardFragment, WatchReplicasDocument } from '../generated/operations.ts'
import { type Cluster, EMPTY_CLUSTER, withRebalance, withReplicas } from './cluster.ts'

interface ClusterView extends Cluster {
  readonly error: CombinedError | undefined
  retry(): void
  /** Takes the notice of a gone replica away. */
  dismiss(replicaId: string): void
  /** So many sessions have begun to move, evenly over so many seconds. */
  rebalancing(sessions: number, seconds: number): void
}

type Event =
  | { readonly replicas: readonly ReplicaCardFragment[]; readonly now: number }
  | { readonly dismissed: string }
  | { readonly moving: number; readonly seconds: number; readonly now: number }

const Context = createContext<ClusterView | null>(null)

/** Watches the replicas for as long as the console is open, whichever page is shown: so no change goes unseen. */
export function ClusterProvider({ children }: { readonly children: ReactNode }) {
  const [cluster, dispatch] = useReducer(reduce, EMPTY_CLUSTER)
  const [{ data, error }, subscribe] = useSubscription({ query: WatchReplicasDocument })
  useEffect(() => {
    if (data) dispatch({ replicas: data.replicas, now: Date.now() })
  }, [data])
  const view = {
    ...cluster,
    error,
    retry: () => subscribe(),
    dismiss: (dismissed: string) => dispatch({ dismissed }),
    rebalancing: (moving: number, seconds: number) => dispatch({ moving, seconds, now: Date.now() }),
  }
  return <Context value={view}>{children}</Context>
}

export function useCluster(): ClusterView {
  const view = useContext(Context)
  if (!view) throw new Error('useCluster stands outside of ClusterProvider')
  return view
}

function reduce(cluster: Cluster, event: Event): Cluster {
  if ('replicas' in event) return withReplicas(cluster, event.replicas, event.now)
  if ('moving' in event) return withRebalance(cluster, event.moving, event.seconds, event.now)
  return { ...cluster, gone: cluster.gone.filter(({ id }) => id !== event.dismissed) }
}
