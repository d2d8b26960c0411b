import type { Trial } from '../graphql/trial.ts'

/**
 * A trial passes when one of the session's subscriptions is known, and fails when none of those that it has sent so far
 * is, or when the time is over. A client that comes back sends all its subscriptions at once, those that it has added
 * meanwhile among them, so whichever is looked up first does not decide alone.
 */
export class PendingTrial implements Trial {
  readonly #verdict: Promise<boolean>
  readonly #timer: NodeJS.Timeout
  #settle: (resumes: boolean) => void = () => {}
  #asking = 0

  /** `ended` is called once, before anybody who waits goes on, and answers whether the session stays. */
  constructor(limitMs: number, ended: (resumes: boolean) => boolean) {
    this.#verdict = new Promise((resolve) => {
      this.#settle = (resumes) => {
        this.#settle = () => {}
        clearTimeout(this.#timer)
        resolve(ended(resumes))
      }
    })
    this.#timer = setTimeout(() => this.#settle(false), limitMs)
    this.#timer.unref()
  }

  passes(isKnown: () => Promise<boolean>): Promise<boolean> {
    void this.#ask(isKnown)
    return this.#verdict
  }

  end(): void {
    this.#settle(false)
  }

  async #ask(isKnown: () => Promise<boolean>): Promise<void> {
    this.#asking++
    // Where the store is away nothing can be resumed now.
    const known = await isKnown().catch(() => false)
    this.#asking--
    if (known) this.#settle(true)
    else if (this.#asking === 0) this.#settle(false)
  }
}
