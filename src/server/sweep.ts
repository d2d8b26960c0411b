import { CLOSE_CODES, type CloseCode } from '../close-codes.ts'
import type { Session } from '../delivery/session.ts'
import type { Connection } from './connection.ts'

/** A peer that does not finish the closing handshake in this time is dropped. */
const CLOSE_GRACE_MS = 2_000 // 2 seconds
const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 5_000 // 5 seconds

/** A WebSocket session as the sweep sees it. What is changed here, is changed by the sweep alone. */
export interface Watched {
  readonly session: Session
  readonly connection: Pick<Connection, 'close' | 'terminate' | 'heartbeat'>
  /** Its `connection_init` has come. */
  readonly initialised: boolean
  /** When it was last asked whether it is there, ms; 0: never. */
  heartbeatAt: number
  /** When it was told to go, ms; 0: it was not. */
  closingAt: number
}

/**
 * The one sweep over all WebSocket sessions, instead of timers for each: asks those that were silent for half the idle
 * time whether they are there, and evicts (4410) those that were silent for all of it. Any frame from a client counts.
 * Those whose `connection_init` does not come in time are closed (4408).
 */
export class Sweep implements Disposable {
  readonly #watched = new Set<Watched>()
  #idleTimeoutMs = 0
  readonly #initTimeoutMs: number
  #timer: NodeJS.Timeout | undefined
  /** Evicted since the start. */
  evicted = 0

  constructor(limits: { readonly idleTimeoutSeconds: number; readonly initTimeoutSeconds: number }) {
    this.#initTimeoutMs = limits.initTimeoutSeconds * 1_000
    this.configure(limits)
  }

  /** Holds for all sessions from the next sweep on. */
  configure({ idleTimeoutSeconds }: { readonly idleTimeoutSeconds: number }): void {
    this.#idleTimeoutMs = idleTimeoutSeconds * 1_000
    const shortest = Math.min(this.#idleTimeoutMs, this.#initTimeoutMs)
    const interval = Math.min(Math.max(shortest / 10, MIN_INTERVAL_MS), MAX_INTERVAL_MS)
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#sweep(Date.now()), interval)
    this.#timer.unref()
  }

  watch(watched: Watched): void {
    this.#watched.add(watched)
  }

  unwatch(watched: Watched): void {
    this.#watched.delete(watched)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #sweep(now: number): void {
    for (const watched of this.#watched) {
      const silentMs = now - watched.session.lastActiveAt
      if (watched.closingAt > 0) {
        if (now - watched.closingAt >= CLOSE_GRACE_MS) watched.connection.terminate()
      } else if (!watched.initialised && now - watched.session.details.connectedAt >= this.#initTimeoutMs) {
        this.#close(watched, CLOSE_CODES.INIT_TIMEOUT, now)
      } else if (silentMs >= this.#idleTimeoutMs) {
        this.evicted++
        this.#close(watched, CLOSE_CODES.IDLE, now)
      } else if (silentMs >= this.#idleTimeoutMs / 2 && watched.heartbeatAt <= watched.session.lastActiveAt) {
        watched.heartbeatAt = now
        watched.connection.heartbeat()
      }
    }
  }

  #close(watched: Watched, { code, reason }: CloseCode, now: number): void {
    watched.closingAt = now
    watched.connection.close(code, reason)
  }
}
