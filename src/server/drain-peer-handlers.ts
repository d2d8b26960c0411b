import type { PeerHandlers } from '../cluster/peers.ts'
import type { Load } from '../cluster/registry.ts'
import type { Connection } from './connection.ts'
import type { Drain } from './drain.ts'

/** How this replica does what other replicas ask of it about draining. `report` tells its load to all, then answers it. */
export function drainPeerHandlers(
  drain: Drain,
  connections: ReadonlySet<Connection>,
  report: () => Promise<Load>,
): Pick<PeerHandlers, 'drain' | 'undrain' | 'move'> {
  return {
    drain: ({ withinSeconds }) => {
      void drain.begin(withinSeconds)
      return report()
    },
    undrain: () => {
      drain.cancel()
      return report()
    },
    move: ({ sessions, withinSeconds }) => {
      const moving = Math.min(sessions, connections.size)
      void drain.move(moving, withinSeconds)
      return moving
    },
  }
}
