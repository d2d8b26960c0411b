/** What has queued bytes to write out. */
interface Flushable {
  flush(): void
}

/** What more keeps coming for waits no longer than this. */
const MAX_GATHERING_MS = 5
/** Written at once at most: a crowd does not keep the store, and what comes from it, waiting. */
const MAX_WRITES = 1_000

/**
 * Gathers what is written while the event loop turns and more keeps coming; as soon as a turn brought nothing, or the
 * time is over, each connection writes once, a thousand of them a turn. So a write costs at most one idle turn of the loop,
 * under load the system calls become fewer instead of more, and what comes for those who still wait joins their write.
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
    if (waiting.length > MAX_WRITES) {
      this.#waiting = waiting.splice(MAX_WRITES)
      setImmediate(this.#turned)
    } else this.#waiting = []
    for (const each of waiting) each.flush()
  }
}
