import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { hostText, redisAddress } from '../../config/redis-url.ts'
import { type ConnectionOptions, locate } from './client.ts'
import { CommandConnection, NotSent, replyCode, type Send, toUnavailable } from './connection.ts'
import { type SlotRows, Topology, toHost } from './topology.ts'

/** A command is answered or rejected within 2 s, however often it is sent on. */
const LIMIT_MS = 1_900
/** How often the nodes are asked who has which slot, and how often at most. */
const REFRESH_INTERVAL_MS = 2_000
const MIN_REFRESH_MS = 100
/** While a slot moves or its master is replaced. */
const RETRY_MS = 50
const MAX_WAITING = 10_000

/**
 * Commands on a Redis Cluster: one connection to each master, each command to the one that has its slot.
 *
 * | the node answers | what we do |
 * | --- | --- |
 * | `MOVED` | remember it, send the command there |
 * | `ASK` | send it there, once, after ASKING |
 * | `TRYAGAIN`, `CLUSTERDOWN`, `LOADING`, `READONLY` | ask who has the slot, send it again a moment later |
 * | nothing, since there is no connection | the same |
 * | nothing, although it was sent | reject: it may have been done |
 *
 * Not ioredis's own `Cluster`: that one sends again what may have been done, so commands on one slot could change their
 * order, and it does not tell which server a command goes to; both matter (`holder-line.ts`).
 */
export class ClusterCommands {
  readonly topology = new Topology()
  readonly address: string
  readonly #options: ConnectionOptions
  readonly #nodes = new Map<string, CommandConnection>()
  readonly #clock: NodeJS.Timeout
  #refreshing: Promise<void> | null = null
  #waiting = 0
  #closed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.address = redisAddress(options.url)
    this.#openSeeds()
    this.topology.watch(() => this.#openMasters())
    this.#clock = setInterval(() => void this.refresh(), REFRESH_INTERVAL_MS)
    this.#clock.unref()
    void this.refresh()
  }

  isAvailable(slot: number): boolean {
    return this.#nodeOf(slot)?.ready ?? false
  }

  get trouble(): string {
    const away = [...this.#nodes.values()].filter(({ ready }) => !ready)
    if (away.length === 0) return 'no node has answered which of them has which slot'
    return away.map(({ address, trouble }) => `${address}: ${trouble}`).join('; ')
  }

  /** Runs a command on the node that has the slot. Rejects with `BROKER_UNAVAILABLE`, whatever the cause. */
  async run<T>(slot: number, send: Send<T>): Promise<T> {
    const begun = performance.now()
    try {
      return await this.#run(slot, send)
    } catch (error) {
      throw toUnavailable(error, this.address, this.#options.log)
    } finally {
      this.#options.meter?.took(performance.now() - begun)
    }
  }

  /** Asks the nodes who has which slot. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#clock)
    for (const node of this.#nodes.values()) node.close()
  }

  async #run<T>(slot: number, send: Send<T>): Promise<T> {
    const deadline = performance.now() + LIMIT_MS
    let asked: CommandConnection | null = null
    for (let attempt = 0; ; attempt++) {
      try {
        const node: CommandConnection | undefined = asked ?? this.#nodeOf(slot)
        if (!node) throw new NotSent(this.trouble)
        const sent: Promise<T> = node.attempt(asked ? (client, link) => send(asking(client), link) : send)
        return attempt === 0 ? await sent : await within(sent, deadline - performance.now())
      } catch (error) {
        const code = error instanceof NotSent ? 'NOTSENT' : replyCode(error)
        if (performance.now() + RETRY_MS > deadline || this.#closed || code === null) throw error
        asked = await this.#afterwards(code, error as Error)
      }
    }
  }

  /** Prepares the next attempt; answers the node that is to be asked out of turn. Throws what is final. */
  async #afterwards(code: string, error: Error): Promise<CommandConnection | null> {
    const [, slot, home = ''] = error.message.split(' ')
    switch (code) {
      case 'MOVED':
        // Without a host it means its own: rare, and told by CLUSTER SLOTS as well.
        if (/^[^:?]/.test(home)) this.topology.moved(Number(slot), home)
        void this.refresh()
        return null
      case 'ASK':
        return this.#open(home)
      case 'NOTSENT':
      case 'TRYAGAIN':
      case 'CLUSTERDOWN':
      case 'LOADING':
      case 'READONLY':
        if (this.#waiting >= MAX_WAITING) throw error
        this.#waiting++
        try {
          await Promise.all([code === 'TRYAGAIN' ? null : this.refresh(), delay(RETRY_MS)])
        } finally {
          this.#waiting--
        }
        return null
      default:
        throw error
    }
  }

  async #refresh(): Promise<void> {
    const pause = delay(MIN_REFRESH_MS, undefined, { ref: false })
    if (![...this.#nodes.values()].some(({ ready }) => ready)) this.#openSeeds()
    const answers = [...this.#nodes].map(async ([home, node]) => {
      const rows = await node.attempt((client) => client.cluster('SLOTS'))
      return { home, rows: rows as unknown as SlotRows }
    })
    try {
      const { home, rows } = await Promise.any(answers)
      if (!this.#closed) this.topology.learn(rows, toHost(home).host)
    } catch {
      // Nobody answered: each connection tells its own trouble.
    }
    await pause
  }

  #nodeOf(slot: number): CommandConnection | undefined {
    const home = this.topology.homeOf(slot)
    return home === undefined ? undefined : this.#nodes.get(home)
  }

  #openSeeds(): void {
    for (const host of locate(this.#options).hosts) this.#open(hostText(host))
  }

  /** A connection to every master, and to nobody else. */
  #openMasters(): void {
    if (this.#closed) return
    const { masters } = this.topology
    for (const home of masters) this.#open(home)
    for (const [home, node] of this.#nodes) {
      if (masters.has(home)) continue
      this.#nodes.delete(home)
      node.close()
    }
  }

  #open(home: string): CommandConnection {
    let node = this.#nodes.get(home)
    if (!node) {
      node = new CommandConnection(this.#options, toHost(home))
      this.#nodes.set(home, node)
    }
    return node
  }
}

/** The client, with ASKING said before each command. */
function asking(client: Redis): Redis {
  return new Proxy(client, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        target.asking().catch(() => {})
        return Reflect.apply(member, target, args) as unknown
      }
    },
  })
}

async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  const limit = new AbortController()
  const late = delay(Math.max(1, limitMs), undefined, { signal: limit.signal }).then(() => {
    throw new Error('it was not answered in time')
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    limit.abort()
    late.catch(() => {})
  }
}
