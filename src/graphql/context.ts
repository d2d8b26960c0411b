import type { Principal } from '../access/principal.ts'
import type { Broker, Trigger } from '../broker/broker.ts'
import type { Chooser } from '../cluster/choice.ts'
import type { Peers } from '../cluster/peers.ts'
import type { Registry } from '../cluster/registry.ts'
import type { Settings } from '../cluster/settings.ts'
import type { Statistics } from '../cluster/statistics.ts'
import type { LiveSettingName } from '../config/live-settings.ts'
import type { Config } from '../config.ts'
import type { Hub } from '../delivery/hub.ts'
import type { Session } from '../delivery/session.ts'
import type { Subscription } from '../delivery/subscription.ts'
import type { EventLog } from '../observability/event-log.ts'
import type { Log } from '../observability/log.ts'
import type { OperationCounts } from '../observability/operation-counts.ts'
import type { Tracing } from '../observability/tracing.ts'
import type { RateLimiter } from '../rate-limiter.ts'
import type { Trial } from './trial.ts'

/** What a replica is made of, as resolvers use it. */
export interface Services {
  readonly replicaId: string
  /** What stays as it was at the start; what can be changed is in `settings`. */
  readonly config: Omit<Config, LiveSettingName>
  readonly settings: Settings
  /** Of pushes, by subject or address. */
  readonly pushRate: RateLimiter
  readonly broker: Broker
  readonly registry: Registry
  readonly peers: Peers
  readonly chooser: Chooser
  readonly hub: Hub
  readonly statistics: Statistics
  readonly counts: OperationCounts
  readonly events: EventLog
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null
  readonly log: Log
}

/** Asks once more whether a principal may have an operation; throws, or rejects, where it may not. */
export type Recheck = (principal: Principal) => void | Promise<void>

/** The access of a WebSocket session, as operations on it see it. */
export interface SessionAccess {
  /** Takes a new token of the same subject. Answers until when it counts. Rejects with `UNAUTHENTICATED`, `FORBIDDEN`. */
  renew(token: string): Promise<Date>
  /** The operation is asked again when the token was renewed: where it may not be, it ends with that error. */
  guard(operationId: string, recheck: Recheck): void
}

/** What the transport knows of one operation; resolvers find it in their context. */
export interface OperationOrigin {
  readonly trigger: Trigger
  /** Who asks, as of now: a session's token may be renewed while an operation is under way. */
  readonly principal: Principal
  /** The client's address; null where it is not known any more. */
  readonly address: string | null
  /** The client's own trace, as its HTTP request named it; null where it did not. */
  readonly traceparent: string | null
  /** The WebSocket session that the operation came through; null over HTTP and SSE. */
  readonly session: Session | null
  /** Where the session may stay only if it resumes; null for all others. */
  readonly trial: Trial | null
  /** The operation's id in that session; null over HTTP and SSE. */
  readonly operationId: string | null
  /** It was completed while it was being prepared, or its session has gone: nothing is to begin any more. */
  readonly over: boolean
  /** Set by the delivery plug-in where the hub writes the results, straight to the session. */
  delivery: Subscription | null
  /** What its session can do about its access; null over HTTP and SSE. */
  readonly access: SessionAccess | null
}

export interface Context {
  readonly services: Services
  readonly origin: OperationOrigin
}

/** Of an operation that comes over HTTP or SSE. */
export function httpOrigin(
  address: string | null,
  principal: Principal,
  traceparent: string | null = null,
): OperationOrigin {
  return {
    ...{ trigger: 'HTTP', principal, address, traceparent, session: null, access: null },
    ...{ trial: null, operationId: null, over: false, delivery: null },
  }
}
