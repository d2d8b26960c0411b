/** What has queued bytes to write out. */
interface Flushable {
  flush(): void
}

/** What more keeps coming for waits no longer than this. */
const MAX_GATHERING_MS = 5

/**
 * Gathers what is written while the event loop turns and more keeps coming; as soon as a turn brought nothing, or the
 * time is over, each connection writes once. So a write costs at most one idle turn of the loop, and under load the
 * system calls become fewer instead of more.
 */
export class Flusher {
  #waiting: Flushable[] = []
  #grew = false
  #since = 0

  add(waiting: Flushable): void {
    if (this.#waiting.length === 0) {
      this.#since = performance.now()
      setImmediate(this.#turned)
    }
    this.#waiting.push(waiting)
    this.#grew = true
  }

  /** One that is waiting already has queued more. */
  more(): void {
    this.#grew = true
  }

  readonly #turned = (): void => {
    if (this.#grew && performance.now() - this.#since < MAX_GATHERING_MS) {
      this.#grew = false
      setImmediate(this.#turned)
      return
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) each.flush()
  }
}
