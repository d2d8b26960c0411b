import type { Arrival } from '../broker/broker.ts'
import type { Passage } from './passages.ts'
import type { Session } from './session.ts'

/** How a session ended. */
export interface Ending {
  /** WebSocket close code; null where there is none. */
  readonly code: number | null
  readonly reason: string
}

/** A message that its client proved to have. */
export interface Delivery {
  readonly pushId: string
  readonly session: Session
  readonly identifier: string
  /** From accepting the push until its client had it and said so, ms; not the time until it was asked. */
  readonly latencyMs: number
}

/** Whoever wants to know of what happens in a hub. Called synchronously; must not throw. */
export interface HubWatcher {
  opened(session: Session): void
  closed(session: Session, ending: Ending): void
  /** Whether to be told of the deliveries of this push. Asked once per push. */
  wants(pushId: string): boolean
  delivered(delivery: Delivery): void
}

/** Whoever traces. */
export interface Tracer {
  /** A push with a `traceparent` has come. Null: its way is not recorded. */
  arrived(arrival: Arrival): Passage | null
}

export const NOBODY: HubWatcher = {
  opened() {},
  closed() {},
  wants: () => false,
  delivered() {},
}
