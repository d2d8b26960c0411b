import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** Where a client was placed, as its `connection_ack` said. */
export interface Placement {
  /** ms since 1970 */
  readonly at: number
  readonly replicaId: string
}

const CONNECT_LIMIT_MS = 60_000 // 1 minute

/** Many clients in several processes, so that they are not what is measured. Disposing ends them all at once. */
export class Crowd implements AsyncDisposable {
  readonly placements: Placement[] = []
  readonly #children: ChildProcess[]
  readonly #closes: Record<string, number>[]
  #orders = 0

  constructor(processes: number) {
    const program = fileURLToPath(new URL('./crowd-process.mjs', import.meta.url))
    this.#children = Array.from({ length: processes }, () => fork(program))
    this.#closes = this.#children.map(() => ({}))
    for (const [index, child] of this.#children.entries()) {
      child.on(
        'message',
        ({ placements, closes }: { placements: Placement[]; closes: Record<string, number> }) => {
          this.placements.push(...placements)
          this.#closes[index] = closes
        },
      )
    }
  }

  /** Sockets that were closed, by code and by what failed. */
  get closes(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const [code, count] of this.#closes.flatMap(Object.entries<number>))
      sums[code] = (sums[code] ?? 0) + count
    return sums
  }

  /** Connects so many more, evenly; resolves when all of them are placed, and no socket was closed. */
  async connect(url: string, clients: number, perSecond: number): Promise<void> {
    const before = this.placements.length
    const share = this.#children.length
    for (const [index, child] of this.#children.entries()) {
      const name = `crowd-${this.#orders++}-${index}`
      child.send({ url, clients: clients / share, perSecond: perSecond / share, name })
    }
    const placed = () => ({ placed: this.placements.length - before, closes: this.closes })
    await expect
      .poll(placed, { timeout: CONNECT_LIMIT_MS, interval: 100 })
      .toEqual({ placed: clients, closes: {} })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }),
    )
  }
}
