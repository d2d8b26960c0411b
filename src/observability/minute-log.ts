import { COUNTED, type Counts, NOTHING_COUNTED } from '../cluster/statistics.ts'
import type { LoggedEvent } from './ecs.ts'
import type { Log } from './log.ts'

const INTERVAL_MS = 60_000 // 1 minute

/**
 * What this replica counted, as one line each minute and one at the end; none where nothing was counted. Their sums answer
 * what the delivery rate was, over all replicas and any time.
 */
export class MinuteLog implements Disposable {
  readonly #log: Log
  readonly #counts: () => Counts
  readonly #timer: NodeJS.Timeout
  #told: Counts = NOTHING_COUNTED

  /** `counts`: since the start. */
  constructor(log: Log, counts: () => Counts) {
    this.#log = log
    this.#counts = counts
    this.#timer = setInterval(() => this.#tell(), INTERVAL_MS)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#tell()
  }

  #tell(): void {
    const counts = this.#counts()
    const news = COUNTED.map((name) => [name, counts[name] - this.#told[name]] as const)
    if (news.every(([, count]) => count === 0)) return
    this.#told = counts
    const event: LoggedEvent = 'statistics'
    this.#log.info({ event, ...Object.fromEntries(news) }, 'statistics')
  }
}
