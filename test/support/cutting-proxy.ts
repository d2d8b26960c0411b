import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { randomFrom } from './random.ts'

/** What is done to a connection: reset; half-open, nothing passes any more and nobody is told; or slow. */
export type Cut = 'RESET' | 'STALL' | 'SLOW'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** How often each was done so far. */
  readonly cuts: Readonly<Record<Cut, number>>
  /** Begins to break connections. */
  begin(): void
  /** From now on nothing more is done to any connection. */
  calm(): void
}

export interface CuttingProxyOptions {
  /** Port on the loopback that it leads to. */
  readonly target: number
  readonly seed: number
  readonly cutsPerSecond: number
  /** What a slow connection holds everything back for, each way, until it ends. */
  readonly slowMs: number
}

const CUTS: readonly Cut[] = ['RESET', 'STALL', 'SLOW']

/** A network between clients and a replica that breaks connections, one at a time, chosen by a seeded generator. */
export async function startCuttingProxy(options: CuttingProxyOptions): Promise<CuttingProxy> {
  const random = randomFrom(options.seed)
  const links = new Set<Link>()
  const cuts: Record<Cut, number> = { RESET: 0, STALL: 0, SLOW: 0 }
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: options.target, host: '127.0.0.1', allowHalfOpen: true })
    const link = new Link(near, far, options.slowMs)
    links.add(link)
    link.ended.then(() => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  let clock: NodeJS.Timeout | undefined
  const cutOne = () => {
    const passing = [...links].filter((link) => link.passes)
    const link = passing[Math.floor(random() * passing.length)]
    const cut = CUTS[Math.floor(random() * CUTS.length)] as Cut
    if (!link) return
    cuts[cut]++
    link.cut(cut)
  }
  return {
    port: address.port,
    cuts,
    begin() {
      clock ??= setInterval(cutOne, 1_000 / options.cutsPerSecond)
    },
    calm: () => clearInterval(clock),
    async [Symbol.asyncDispose]() {
      clearInterval(clock)
      server.close()
      for (const link of links) link.cut('RESET')
      await Promise.all([...links].map((link) => link.ended))
      if (server.listening) await once(server, 'close')
    },
  }
}

/** A connection from a client (`near`) to the replica (`far`). */
class Link {
  #state: 'WHOLE' | 'SLOWED' | 'STALLED' | 'ENDED' = 'WHOLE'
  readonly ended: Promise<void>
  readonly #near: Socket
  readonly #far: Socket
  readonly #slowMs: number

  constructor(near: Socket, far: Socket, slowMs: number) {
    this.#near = near
    this.#far = far
    this.#slowMs = slowMs
    this.ended = Promise.all([once(near, 'close'), once(far, 'close')]).then(() => {})
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('data', (chunk) => this.#pass(() => to.write(chunk)))
      from.on('end', () => this.#pass(() => to.end()))
    }
    // A router that lost the connection answers with a reset, once one end has given it up.
    far.on('close', () => this.cut('RESET'))
    near.on('close', () => this.#state !== 'STALLED' && this.cut('RESET'))
    // Nor does it pass the end on: the replica has had its answer to the close when it gives up.
    far.on('end', () => this.#state === 'STALLED' && this.cut('RESET'))
  }

  get passes(): boolean {
    return this.#state === 'WHOLE' || this.#state === 'SLOWED'
  }

  cut(cut: Cut): void {
    if (this.#state === 'ENDED') return
    if (cut === 'STALL') this.#state = 'STALLED'
    if (cut === 'SLOW') this.#state = 'SLOWED'
    if (cut !== 'RESET') return
    this.#state = 'ENDED'
    this.#near.resetAndDestroy()
    this.#far.resetAndDestroy()
  }

  #pass(act: () => void): void {
    if (this.#state === 'WHOLE') act()
    // Timers of one length fire in the order of their setting: bytes stay in order.
    if (this.#state === 'SLOWED') setTimeout(() => this.#state === 'SLOWED' && act(), this.#slowMs)
  }
}
