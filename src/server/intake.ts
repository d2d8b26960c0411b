const WINDOW_MS = 1_000 // 1 second
/** How often somebody who is not listened to is looked at again. */
const PAUSE_MS = 50

/** Whom we read from. */
export interface Source {
  /** What it has asked for is not done yet, or it does not take what it was answered: it shall say no more for now. */
  readonly busy: boolean
  readonly connection: { pause(): void; resume(): void }
}

/**
 * How fast we read from one client: so many messages per second, and only as long as it takes its answers. What is more stays in its
 * socket, where TCP makes it wait; so a flood costs nobody but whoever sends it, and nobody is closed for being fast.
 *
 *     READING ──too many in this second, or busy──▶ PAUSED ──a new second, and not busy──▶ READING
 */
export class Intake {
  readonly #source: Source
  #windowAt = 0
  #count = 0
  #paused: NodeJS.Timeout | null = null

  constructor(source: Source) {
    this.#source = source
  }

  /** A frame has come. @param mostPerSecond 0: not limited */
  take(now: number, mostPerSecond: number): void {
    if (now - this.#windowAt >= WINDOW_MS) {
      this.#windowAt = now
      this.#count = 0
    }
    this.#count++
    if (this.#paused !== null || !(this.#exceeds(mostPerSecond) || this.#source.busy)) return
    this.#source.connection.pause()
    this.#paused = setInterval(() => this.#look(mostPerSecond), PAUSE_MS)
    this.#paused.unref()
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#paused !== null) clearInterval(this.#paused)
    this.#paused = null
  }

  #look(mostPerSecond: number): void {
    const sameWindow = Date.now() - this.#windowAt < WINDOW_MS
    if ((sameWindow && this.#exceeds(mostPerSecond)) || this.#source.busy) return
    this.end()
    this.#source.connection.resume()
  }

  #exceeds(mostPerSecond: number): boolean {
    return mostPerSecond > 0 && this.#count >= mostPerSecond
  }
}
