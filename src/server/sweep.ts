import { CLOSE_CODES } from '../close-codes.ts'
import type { Session } from '../delivery/session.ts'
import type { Connection } from './connection.ts'

/** A peer that does not finish the closing handshake in this time is dropped. */
const CLOSE_GRACE_MS = 2_000 // 2 seconds
const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 5_000 // 5 seconds

interface Watched {
  readonly session: Session
  readonly connection: Connection
  heartbeatAt: number
  closingAt: number
}

/**
 * The one sweep over all WebSocket sessions, instead of a timer for each: asks those that were silent for half the idle
 * time whether they are there, and evicts (4410) those that were silent for all of it. Any frame from a client counts.
 */
export class Sweep implements Disposable {
  readonly #watched = new Map<string, Watched>()
  readonly #idleTimeoutMs: number
  readonly #timer: NodeJS.Timeout
  /** Evicted since the start. */
  evicted = 0

  constructor(idleTimeoutSeconds: number) {
    this.#idleTimeoutMs = idleTimeoutSeconds * 1_000
    const interval = Math.min(Math.max(this.#idleTimeoutMs / 10, MIN_INTERVAL_MS), MAX_INTERVAL_MS)
    this.#timer = setInterval(() => this.#sweep(Date.now()), interval)
    this.#timer.unref()
  }

  watch(session: Session, connection: Connection): void {
    this.#watched.set(session.id, { session, connection, heartbeatAt: 0, closingAt: 0 })
  }

  unwatch(session: Session): void {
    this.#watched.delete(session.id)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #sweep(now: number): void {
    for (const watched of this.#watched.values()) {
      const silentMs = now - watched.session.lastActiveAt
      if (watched.closingAt > 0) {
        if (now - watched.closingAt >= CLOSE_GRACE_MS) watched.connection.terminate()
      } else if (silentMs >= this.#idleTimeoutMs) {
        this.evicted++
        watched.closingAt = now
        watched.connection.close(CLOSE_CODES.IDLE.code, CLOSE_CODES.IDLE.reason)
      } else if (silentMs >= this.#idleTimeoutMs / 2 && watched.heartbeatAt <= watched.session.lastActiveAt) {
        watched.heartbeatAt = now
        watched.connection.heartbeat()
      }
    }
  }
}
