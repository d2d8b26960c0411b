import type { Trial } from '../graphql/trial.ts'
import { RateLimiter } from '../rate-limiter.ts'
import { PendingTrial } from './pending-trial.ts'

/** Past its capacity a replica takes so many more sessions of clients that resume. */
const HEADROOM = 0.1
/** How many are tried per second where connections are not limited: each costs a handshake and a look into the store. */
const TRIALS_PER_SECOND = 200
/** How many are tried for one that the rate allows: most that are tried may be new. */
const TRIALS_PER_CONNECTION = 4
/** Those who resume may take twice what may come at once, so that they find something where the new find nothing. */
const RESUMING_BURSTS = 2
/** How long a client on trial has from its connection on: a handshake and a first subscribe, on a slow network. */
const TRIAL_MS = 5_000 // 5 seconds

export interface AdmissionOptions {
  readonly capacity: number
  /** Sessions that this replica holds now, those on trial among them. */
  readonly sessions: () => number
  /** New connections per second; 0: not limited. */
  readonly ratePerSecond: () => number
}

/** It may stay (`trial` null), may stay if it resumes, or must go. */
export type Verdict = { readonly admitted: true; readonly trial: Trial | null } | { readonly admitted: false }

/**
 * Who may come in. A stock client says nothing of its past when it connects: that it resumes is known only once it has
 * subscribed with an operation id that the store knows. So past the capacity, or past the rate, some are let in on trial.
 *
 *     arrives ──room, and rate left──────▶ ADMITTED
 *        ├──a trial is free──▶ ON TRIAL ──resumes────────────────────────────▶ ADMITTED
 *        │                        └──does not, or not in `TRIAL_MS`──▶ REFUSED (1013)
 *        └──none──▶ REFUSED (1013)
 *
 * Those who resume go before those who are new: they may use the headroom, and they may take of the rate where nothing is
 * left for the new, who get what those who resume leave over. A trial costs less than a session, but not nothing, so trials
 * have a rate too, and there are no more at once than there is headroom. Whoever is refused after its `connection_ack`
 * begins its back-off anew, so a stock client with its default five attempts does not give up.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #rate = new RateLimiter()
  readonly #headroom: number
  #trials = 0
  /** Turned away since the start, at once or after a trial. */
  refused = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#headroom = Math.max(1, Math.ceil(options.capacity * HEADROOM))
  }

  /** Somebody has connected. `refuse` is called when a trial ends badly. */
  arrive(refuse: () => void): Verdict {
    const { capacity, sessions, ratePerSecond } = this.#options
    const rate = ratePerSecond()
    if (sessions() < capacity && this.#rate.take('admitted', rate) === 0)
      return { admitted: true, trial: null }
    const room = sessions() < capacity + this.#headroom && this.#trials < this.#headroom
    const trials = rate === 0 ? TRIALS_PER_SECOND : TRIALS_PER_CONNECTION * rate
    if (!room || this.#rate.take('tried', trials) > 0) {
      this.refused++
      return { admitted: false }
    }
    this.#trials++
    const ended = (resumes: boolean) => {
      this.#trials--
      const stays = resumes && this.#rate.take('admitted', ratePerSecond(), undefined, RESUMING_BURSTS) === 0
      if (stays) return true
      this.refused++
      refuse()
      return false
    }
    return { admitted: true, trial: new PendingTrial(TRIAL_MS, ended) }
  }
}
