import type { Session } from './session.ts'

export const TICK_MS = 25
/** A session is asked this often at most; less often where many wait, since questions and answers are frames as well. */
const INTERVAL_MS = 100
const MAX_INTERVAL_MS = 1_000 // 1 second
/** All sessions together are asked about so often. */
const QUESTIONS_PER_MS = 2
/** In so many ticks everyone that waits is looked at once. */
const ROUND_TICKS = 4

/**
 * When sessions are asked to prove what they have. The first message after a while takes the question with it, in the
 * same write; in a steady flow so does the next message once the interval is over. Only what came last, with nothing
 * behind it to carry a question, is asked for by the clock: a share of the sessions each tick, never all in one burst.
 */
export class Proofs {
  #waiting: Session[] = []
  intervalMs = INTERVAL_MS

  /** So many sessions wait that each of them is asked less often. */
  get busy(): boolean {
    return this.intervalMs > INTERVAL_MS
  }

  /** This session has written something that is not proven: it is looked at until nothing waits for a proof. */
  await(session: Session): void {
    this.#waiting.push(session)
  }

  tick(now: number): void {
    const waiting = this.#waiting
    this.intervalMs = Math.min(Math.max(waiting.length / QUESTIONS_PER_MS, INTERVAL_MS), MAX_INTERVAL_MS)
    if (waiting.length === 0) return
    // A tick of patience: the next message may carry the question.
    const askedBefore = now - this.intervalMs - TICK_MS
    for (const session of waiting.splice(0, Math.ceil(waiting.length / ROUND_TICKS))) {
      if (session.review(now, askedBefore)) waiting.push(session)
    }
  }
}
