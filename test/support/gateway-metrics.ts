import type { GatewayAddress } from './gateway.ts'

/** What a front door says of itself, as Prometheus would read it. */
export interface DoorReadings {
  readonly sessions: number
  /** All together, whatever the reason. */
  readonly rehomings: number
  /** How many took so many seconds at most. */
  rehomedWithin(seconds: number): number
}

export async function readDoor({ url }: GatewayAddress): Promise<DoorReadings> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0)
  return {
    sessions: sum(/^cloudpush_gateway_sessions (\S+)$/gm),
    rehomings: sum(/^cloudpush_gateway_rehomings_total\{[^}]*\} (\S+)$/gm),
    rehomedWithin: (seconds) =>
      sum(new RegExp(`^cloudpush_gateway_rehoming_seconds_bucket\\{le="${seconds}"\\} (\\S+)$`, 'gm')),
  }
}

/** The most re-homings in any second while this watched, read several times a second. */
export class RehomingRate implements Disposable {
  readonly #readings: { at: number; count: number }[] = []
  readonly #timer: NodeJS.Timeout
  #reading = false
  most = 0

  constructor(door: GatewayAddress) {
    this.#timer = setInterval(() => {
      if (this.#reading) return
      this.#reading = true
      readDoor(door)
        .then(({ rehomings }) => this.#note(performance.now(), rehomings))
        .catch(() => {})
        .finally(() => {
          this.#reading = false
        })
    }, 200)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #note(at: number, count: number): void {
    this.#readings.push({ at, count })
    // The reading that is a second old at least: over less, the steps of a drain would count for more than they are.
    const before = this.#readings.findLast((reading) => at - reading.at >= 1_000)
    if (before) this.most = Math.max(this.most, ((count - before.count) * 1_000) / (at - before.at))
  }
}
