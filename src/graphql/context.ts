import type { Broker, Trigger } from '../broker/broker.ts'
import type { Chooser } from '../cluster/choice.ts'
import type { Peers } from '../cluster/peers.ts'
import type { Registry } from '../cluster/registry.ts'
import type { Config } from '../config.ts'
import type { Hub } from '../delivery/hub.ts'
import type { Session } from '../delivery/session.ts'
import type { Log } from '../observability/log.ts'

/** What a replica is made of, as resolvers use it. */
export interface Services {
  readonly replicaId: string
  readonly config: Config
  readonly broker: Broker
  readonly registry: Registry
  readonly peers: Peers
  readonly chooser: Chooser
  readonly hub: Hub
  readonly log: Log
}

/** What the transport knows of one operation; resolvers find it in their context. */
export interface OperationOrigin {
  readonly trigger: Trigger
  /** Who asks: the token's subject; null where there is no authentication. */
  readonly subject: string | null
  /** The WebSocket session that the operation came through; null over HTTP and SSE. */
  readonly session: Session | null
  /** The operation's id in that session; null over HTTP and SSE. */
  readonly operationId: string | null
  /**
   * Set by the delivery plug-in: the operation's iterable itself. It yields nothing, so what other plug-ins wrap around it
   * has nothing to do, but would keep a few KB per idle subscription alive.
   */
  pending?: AsyncIterable<never>
}

export interface Context {
  readonly services: Services
  readonly origin: OperationOrigin
}

export const HTTP_ORIGIN: OperationOrigin = {
  trigger: 'HTTP',
  subject: null,
  session: null,
  operationId: null,
}
