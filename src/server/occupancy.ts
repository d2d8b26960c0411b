/** How many each of them has now, none of whom may have more than so many. */
export class Occupancy {
  readonly #counts = new Map<string, number>()

  /** False: it has as many as it may, and gets no more. @param most 0: not limited */
  enter(key: string, most: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (most > 0 && count >= most) return false
    this.#counts.set(key, count + 1)
    return true
  }

  leave(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count > 1) this.#counts.set(key, count - 1)
    else this.#counts.delete(key)
  }
}
