/** What has queued bytes to write out. */
interface Flushable {
  flush(): void
}

/** Gathers what is written in one turn of the event loop: each connection then writes once. */
export class Flusher {
  #waiting: Flushable[] = []

  add(waiting: Flushable): void {
    if (this.#waiting.length === 0) setImmediate(() => this.flush())
    this.#waiting.push(waiting)
  }

  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) each.flush()
  }
}
