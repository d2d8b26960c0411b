import { setTimeout as delay } from 'node:timers/promises'
import { CLOSE_CODES } from '../close-codes.ts'
import type { LoggedEvent } from '../observability/ecs.ts'
import type { Log } from '../observability/log.ts'

const STEP_MS = 100

export interface Closable {
  readonly open: boolean
  close(code: number, reason: string): void
}

export interface DrainOptions {
  /** The open connections of this process; those that close leave the set. */
  readonly connections: ReadonlySet<Closable>
  /** Runs before each step: what is known of deliveries is written before sessions go. Must not reject. */
  readonly beforeStep: () => Promise<void>
  readonly log: Log
}

/**
 * Moves sessions away from this process (1012: their clients come back, elsewhere) evenly over the given time, never in
 * one burst: a glide, not a cliff. Sessions that leave by themselves meanwhile are not waited for.
 *
 *     IDLE ──begin──▶ DRAINING ──cancel──▶ IDLE
 *
 * It stays DRAINING when the last session has gone. A second `begin` goes on from there at its own pace.
 */
export class Drain {
  readonly #options: DrainOptions
  #run: { readonly control: AbortController; readonly from: number } | null = null

  constructor(options: DrainOptions) {
    this.#options = options
  }

  get active(): boolean {
    return this.#run !== null
  }

  /** 0 to 1 while draining, else null. */
  get progress(): number | null {
    if (!this.#run) return null
    const { from } = this.#run
    return from === 0 ? 1 : Math.max(0, 1 - this.#options.connections.size / from)
  }

  /** Resolves when the last session has been told to go, or the drain was cancelled or begun anew. */
  begin(withinSeconds: number): Promise<void> {
    this.#run?.control.abort()
    const control = new AbortController()
    const from = this.#options.connections.size
    this.#run = { control, from }
    const event: LoggedEvent = 'drain-began'
    this.#options.log.info({ event, sessions: from, withinSeconds }, 'draining')
    return this.#close(from, withinSeconds, control.signal)
  }

  cancel(): void {
    if (this.#run) {
      const event: LoggedEvent = 'drain-cancelled'
      this.#options.log.info({ event }, 'drain taken back')
    }
    this.#run?.control.abort()
    this.#run = null
  }

  /** Moves some sessions away without a drain: this replica goes on to accept. Resolves when they were told. */
  move(sessions: number, withinSeconds: number): Promise<void> {
    return this.#close(sessions, withinSeconds, new AbortController().signal)
  }

  async #close(sessions: number, withinSeconds: number, signal: AbortSignal): Promise<void> {
    const { connections, beforeStep } = this.#options
    const { code, reason } = CLOSE_CODES.RESTART
    const steps = Math.max(1, Math.floor((withinSeconds * 1_000) / STEP_MS))
    const keep = Math.max(0, connections.size - sessions)
    for (let step = 0; step < steps && connections.size > keep && !signal.aborted; step++) {
      await beforeStep()
      // The first goes at once and the last a step before the end, so that few sessions are not waited for.
      const due = Math.ceil((sessions * (step + 1)) / steps)
      const open = [...connections].filter((connection) => connection.open)
      const leaving = open.slice(0, Math.max(0, open.length - keep - (sessions - due)))
      for (const connection of leaving) connection.close(code, reason)
      // The last step has no successor to keep a distance to.
      if (step < steps - 1) await delay(STEP_MS, undefined, { signal }).catch(() => {})
    }
  }
}
