import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { vi } from 'vitest'
import { WebSocket } from 'ws'
import { STOCK_CLIENTS } from './clients/all.ts'
import type { StockClient } from './clients/stock-client.ts'
import type { GatewayAddress } from './gateway.ts'
import { graphqlRequest } from './graphql-request.ts'
import { type LossTold, Reception } from './reception.ts'

export interface LoadOptions {
  /** Where clients connect, one after the other at each attempt, the first of each client in turn. */
  readonly clientUrls: readonly string[]
  /** Where pushes go, in turn. */
  readonly replicas: readonly [GatewayAddress, ...GatewayAddress[]]
  readonly identifiers?: number // default 200
  readonly clientsPerKind?: number // default 40, of each of the four
  readonly identifiersPerClient?: number // default 5
  readonly pushesPerSecond?: number // default 550
  /**
   * Clients stand before a gateway: every option of theirs is at its default, and what their session repeats because it
   * moved comes on the socket that they have. Default: they connect to replicas, with the options for networks that fail.
   */
  readonly behindGateway?: boolean
  /**
   * A master of Redis is lost: what it had stored and not yet answered may have come, and comes again, marked, after it was
   * told that messages may be missed.
   */
  readonly losesTail?: boolean
  /** Clients take these in turn. Default: that of `ws`. */
  readonly webSocketImpls?: readonly unknown[]
}

export interface Pushed {
  /** By identifier, how many pushes were accepted; their payloads are 1, 2, 3 … in that order. */
  readonly accepted: Readonly<Record<string, number>>
  /** By error code. */
  readonly refusals: Readonly<Record<string, number>>
  /** Pushes whose connection ended before the answer. */
  readonly unanswered: number
  readonly seconds: number
}

/** An accepted push; ms since 1970. */
interface Acceptance {
  readonly identifier: string
  /** When it went out, for the last time. */
  readonly sentAt: number
  readonly answeredAt: number
}

/** What the thread that pushes says. */
type FromPusher =
  | { readonly pushed: Pushed }
  | { readonly accepted: Acceptance }
  | { readonly refused: string }

export interface LoadResult extends Omit<Pushed, 'accepted'> {
  readonly accepted: number
  /** Messages that came, each counted once. */
  readonly arrived: number
  readonly repeats: number
  /** How many messages came in the 500 ms before their connection ended. */
  readonly allowedRepeats: number
  readonly oldestRepeatMs: number
  /** How often clients went to connect, all together. */
  readonly attempts: number
  /** How often clients received something on a connection after their first. */
  readonly reconnects: number
  /** How often a subscription was told that it may have missed messages of an inbox. */
  readonly lossesTold: number
  /** Broken promises and accepted messages that did not come, in words. */
  readonly violations: readonly string[]
}

/** What was accepted must have come when nothing is broken any more for so long: the longest wait of a client counts. */
const ARRIVAL_LIMIT_MS = 90_000 // 90 seconds

/** Stock clients of all four kinds under a steady load of pushes. `finish` ends the load and says what came of it. */
export class LoadRun implements AsyncDisposable {
  readonly identifiers: readonly string[]
  readonly #clients: StockClient[] = []
  readonly #unsubscribe: (() => void)[] = []
  readonly #receptions: Reception[] = []
  readonly #acceptances: Acceptance[] = []
  #refusals = 0
  #pusher: Worker | null = null
  #pushed: Promise<Pushed> | null = null

  private constructor(options: LoadOptions) {
    const { identifiers: count = 200, clientsPerKind = 40, identifiersPerClient = 5, clientUrls } = options
    const { behindGateway = false, losesTail = false, webSocketImpls = [WebSocket] } = options
    const run = randomUUID().slice(0, 8)
    this.identifiers = Array.from({ length: count }, (_, n) => `load-${run}:${n}`)
    for (const [kind, createClient] of Object.entries(STOCK_CLIENTS)) {
      for (let n = 0; n < clientsPerKind; n++) {
        const index = this.#clients.length
        const identifiers = Array.from(
          { length: identifiersPerClient },
          (_, each) => this.identifiers[(index * identifiersPerClient + each) % count] as string,
        )
        const reception = new Reception(`${kind} ${n}`, identifiers, {
          repeatsLive: behindGateway,
          losesTail,
        })
        const client = createClient({
          url: () => clientUrls[(index + reception.connecting()) % clientUrls.length] as string,
          webSocketImpl: webSocketImpls[n % webSocketImpls.length],
          retryForever: !behindGateway,
        })
        this.#unsubscribe.push(
          client.subscribe(
            identifiers,
            (message) => reception.receive(message),
            (error) => reception.failed(error),
          ),
        )
        this.#clients.push(client)
        this.#receptions.push(reception)
      }
    }
  }

  /** Resolves when every subscription is live and the load has begun. */
  static async start(options: LoadOptions): Promise<LoadRun> {
    const run = new LoadRun(options)
    try {
      const expected = run.#clients.length * (options.identifiersPerClient ?? 5)
      const allHeld = async () => (await run.#held(options.replicas[0])) === expected
      await vi.waitUntil(allHeld, { timeout: ARRIVAL_LIMIT_MS, interval: 100 })
      run.#push(options)
    } catch (error) {
      await run[Symbol.asyncDispose]()
      throw error
    }
    return run
  }

  /** Resolves when so many more messages have come: how the parts of a run are measured out. */
  async received(more: number): Promise<void> {
    const goal = this.#arrived + more
    await Promise.race([
      vi.waitUntil(() => this.#arrived >= goal, { timeout: ARRIVAL_LIMIT_MS, interval: 20 }),
      // It says why, where it ended.
      this.#pushed,
    ])
  }

  /** Resolves when every client receives on its present connection: one that is cut before that has reconnected unseen. */
  async allReceiving(): Promise<void> {
    const all = () => this.#receptions.every(({ receiving }) => receiving)
    await vi.waitUntil(all, { timeout: ARRIVAL_LIMIT_MS, interval: 20 })
  }

  /** Resolves when clients have received something on a new connection so many times, all together. */
  async reconnected(times: number): Promise<void> {
    await vi.waitUntil(() => this.#reconnects >= times, { timeout: ARRIVAL_LIMIT_MS, interval: 20 })
  }

  /** Resolves when another push has been refused. */
  async refused(): Promise<void> {
    const before = this.#refusals
    await vi.waitUntil(() => this.#refusals > before, { timeout: ARRIVAL_LIMIT_MS, interval: 20 })
  }

  /**
   * For each of these identifiers, when a push to it was first accepted that was sent after that moment; ms since 1970. Resolves
   * when there is one for each.
   */
  async acceptedAfter(moment: number, identifiers: readonly string[]): Promise<number[]> {
    const first = () => {
      const times = new Map<string, number>()
      for (const { identifier, sentAt, answeredAt } of this.#acceptances) {
        if (sentAt > moment && !times.has(identifier)) times.set(identifier, answeredAt)
      }
      return identifiers.flatMap((identifier) => times.get(identifier) ?? [])
    }
    const all = () => first().length === identifiers.length
    await vi.waitUntil(all, { timeout: ARRIVAL_LIMIT_MS, interval: 100 })
    return first()
  }

  /** Ends the load; resolves when all that was accepted has come, or when that takes too long. */
  async finish(): Promise<LoadResult> {
    if (!this.#pusher || !this.#pushed) throw new Error('the load has not begun')
    this.#pusher.postMessage('stop')
    const { accepted, ...pushed } = await this.#pushed
    const missing = () => this.#receptions.flatMap((reception) => reception.missing(accepted))
    const deadline = performance.now() + ARRIVAL_LIMIT_MS
    await vi.waitUntil(() => missing().length === 0 || performance.now() > deadline, {
      timeout: 2 * ARRIVAL_LIMIT_MS,
    })
    const repeats = this.#receptions.map((reception) => reception.repeats)
    return {
      ...pushed,
      accepted: Object.values(accepted).reduce((sum, count) => sum + count, 0),
      arrived: this.#arrived,
      repeats: repeats.reduce((sum, { count }) => sum + count, 0),
      allowedRepeats: repeats.reduce((sum, { allowed }) => sum + allowed, 0),
      oldestRepeatMs: Math.max(...repeats.map(({ oldestMs }) => oldestMs)),
      attempts: this.#receptions.reduce((sum, { attempts }) => sum + attempts, 0),
      reconnects: this.#reconnects,
      lossesTold: this.#receptions.reduce((sum, { lossesTold }) => sum + lossesTold.length, 0),
      violations: [
        ...this.#receptions.flatMap(({ violations }) => violations),
        ...this.#lostThoughAccepted(),
        ...missing(),
      ],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pusher?.terminate()
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    // graphql-ws's `dispose` rejects where the last attempt to connect failed: then there is nothing to close.
    await Promise.allSettled(this.#clients.map((client) => client.dispose()))
  }

  get #arrived(): number {
    return this.#receptions.reduce((sum, { arrived }) => sum + arrived, 0)
  }

  get #reconnects(): number {
    return this.#receptions.reduce((sum, { reconnects }) => sum + reconnects, 0)
  }

  /**
   * What was stored and not accepted may have been heard, and be lost: then it comes again to whoever heard it, and tells of the loss.
   * Where what tells of it comes to everybody for the first time, something was lost that had been accepted.
   */
  #lostThoughAccepted(): string[] {
    const losses = this.#receptions.flatMap(({ lossesTold }) => lossesTold)
    const key = ({ identifier, sequence }: LossTold) => `message ${sequence} of ${identifier}`
    const again = new Set(losses.filter((loss) => loss.again).map(key))
    const unexplained = new Set(losses.map(key).filter((message) => !again.has(message)))
    return [...unexplained].map((message) => `before ${message} something accepted was lost`)
  }

  #push({ replicas, pushesPerSecond = 550 }: LoadOptions): void {
    const urls = replicas.map(({ graphqlUrl }) => graphqlUrl)
    const workerData = { urls, identifiers: this.identifiers, pushesPerSecond, runId: randomUUID() }
    const pusher = new Worker(new URL('./load-pusher.mjs', import.meta.url), { workerData })
    this.#pusher = pusher
    this.#pushed = new Promise((resolve, reject) => {
      pusher.on('message', (message: FromPusher) => {
        if ('pushed' in message) resolve(message.pushed)
        else if ('accepted' in message) this.#acceptances.push(message.accepted)
        else this.#refusals++
      })
      pusher.once('error', reject)
      pusher.once('exit', () => reject(new Error('the thread that pushes has ended')))
    })
    // Told by `finish`; a run that is given up never asks.
    this.#pushed.catch(() => {})
  }

  /** How many times the identifiers are held, all together. */
  async #held(replica: GatewayAddress): Promise<number> {
    const { data } = await graphqlRequest<{ presence: { subscriptions: number }[] }>(
      replica,
      'query Held($identifiers: [ID!]!) { presence(identifiers: $identifiers) { subscriptions } }',
      { identifiers: this.identifiers },
    )
    return data?.presence.reduce((sum, { subscriptions }) => sum + subscriptions, 0) ?? 0
  }
}
