import type { Session } from './session.ts'

export const TICK_MS = 25
/** A session is asked this often at most; less often where many wait, since questions and answers are frames as well. */
const INTERVAL_MS = 100
const BUSY_INTERVAL_MS = 200
const MANY_SESSIONS = 256
/** In so many ticks everyone that waits is looked at once. */
const ROUND_TICKS = 4

/**
 * When sessions are asked to prove what they have. The first message after a while takes the question with it, in the
 * same write; in a steady flow so does the next message once the interval is over. Only what came last, with nothing
 * behind it to carry a question, is asked for by the clock: a share of the sessions each tick, never all in one burst.
 */
export class Proofs {
  #waiting: Session[] = []
  /** Whether many sessions wait. */
  many = false

  get intervalMs(): number {
    return this.many ? BUSY_INTERVAL_MS : INTERVAL_MS
  }

  /** This session has written something that is not proven: it is looked at until nothing waits for a proof. */
  await(session: Session): void {
    this.#waiting.push(session)
  }

  tick(now: number): void {
    const waiting = this.#waiting
    this.many = waiting.length > MANY_SESSIONS
    if (waiting.length === 0) return
    // A tick of patience: the next message may carry the question.
    const askedBefore = now - this.intervalMs - TICK_MS
    for (const session of waiting.splice(0, Math.ceil(waiting.length / ROUND_TICKS))) {
      if (session.review(now, askedBefore)) waiting.push(session)
    }
  }
}
