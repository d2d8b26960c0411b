import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, BrokerListener } from '../broker/broker.ts'
import type { PeerHandlers, Peers } from '../cluster/peers.ts'
import {
  type Load,
  REPORT_INTERVAL_SECONDS,
  type Registry,
  type ReplicaIdentity,
} from '../cluster/registry.ts'
import type { Settings } from '../cluster/settings.ts'
import { CloudpushError } from '../errors.ts'
import type { Log } from '../observability/log.ts'

const JOIN_RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const

export interface MembershipOptions {
  readonly self: ReplicaIdentity
  /** Its id may have been that of another process before. */
  readonly named: boolean
  readonly broker: Broker
  readonly registry: Registry
  readonly peers: Peers
  readonly settings: Settings
  readonly listener: BrokerListener
  readonly handlers: PeerHandlers
  readonly load: () => Load
  readonly log: Log
}

/**
 * This replica's part in the cluster: opens its channel, takes its lease and reports its load each second. Where the
 * store is away at the start, it tries again with back-off and says so; until it is in, the replica is not ready.
 */
export class Membership implements AsyncDisposable {
  readonly #options: MembershipOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #listening = false
  #serving = false
  #following = false
  #joined = false
  #refused: string | null = null
  #lastReport: Promise<void> = Promise.resolve()
  #nextReport: Promise<void> | null = null

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Why this replica may never join; null where nothing is against it. */
  get refused(): string | null {
    return this.#refused
  }

  /** True once the lease is held and the channel is open. */
  get joined(): boolean {
    return this.#joined
  }

  /**
   * Resolves after the first attempt; where the store was away it goes on trying behind. Rejects when this replica must
   * not join at all.
   */
  async join(): Promise<void> {
    if (!(await this.#attempt(0))) void this.#retry()
  }

  /**
   * Says at once what it would say within a second; where that is being said already, once more after it, since it may be
   * old news. Never rejects.
   */
  report(): Promise<void> {
    if (!this.#joined) return Promise.resolve()
    this.#nextReport ??= this.#lastReport.then(() => {
      this.#nextReport = null
      this.#lastReport = this.#report()
      return this.#lastReport
    })
    return this.#nextReport
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    clearInterval(this.#timer)
    if (!this.#joined) return
    this.#joined = false
    await this.#options.registry.leave().catch((error: unknown) => {
      this.#options.log.debug({ err: error }, 'the lease could not be given back; it ends by itself')
    })
  }

  async #retry(): Promise<void> {
    const { log } = this.#options
    try {
      for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
        const wait = JOIN_RETRY_MS[Math.min(attempt, JOIN_RETRY_MS.length - 1)]
        await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => {})
        if (!this.#stop.signal.aborted && (await this.#attempt(attempt + 1))) {
          log.info('the store is there: this replica is ready')
          return
        }
      }
    } catch (error) {
      this.#refused = (error as Error).message
      log.error(`${this.#refused} This replica may not join the cluster.`)
    }
  }

  /** False when the store was away. */
  async #attempt(attempt: number): Promise<boolean> {
    try {
      await this.#enter()
      return true
    } catch (error) {
      if (!isTransient(error)) throw error
      const wait = JOIN_RETRY_MS[Math.min(attempt, JOIN_RETRY_MS.length - 1)]
      this.#options.log.warn(`${(error as Error).message} Not ready; trying again in ${wait} ms.`)
      return false
    }
  }

  async #report(): Promise<void> {
    try {
      await this.#options.registry.report(this.#options.load())
    } catch (error) {
      this.#options.log.debug({ err: error }, 'load could not be reported')
    }
  }

  /**
   * The lease first, so that a process whose id is taken disturbs nobody; until the rest is done it is STARTING, and nobody
   * is sent here. Each later step once, whatever fails after it.
   */
  async #enter(): Promise<void> {
    const { broker, peers, settings, registry, self, named, load, listener, handlers, log } = this.#options
    await registry.join(self, load(), {
      changed: () => {},
      // All that was registered under the lease is void: what is held is said again, and every tip is checked.
      lost: () => listener.interrupted(),
      ended: (replicaId) => {
        broker.forgetReplica(replicaId).catch((error: unknown) => {
          log.warn(
            { err: error, replicaId },
            'a replica is gone, but what it held could not be forgotten yet',
          )
        })
      },
    })
    if (!this.#listening) {
      // What a process of this name held before it died is not held by us.
      if (named) await broker.forgetReplica(self.id)
      await broker.listen(listener)
      this.#listening = true
    }
    if (!this.#following) {
      // Nobody is served before what was configured is in force.
      await settings.follow()
      this.#following = true
    }
    if (!this.#serving) {
      await peers.serve(handlers)
      this.#serving = true
    }
    if (this.#stop.signal.aborted) return
    this.#joined = true
    await this.report()
    this.#timer = setInterval(() => void this.report(), REPORT_INTERVAL_SECONDS * 1_000)
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof CloudpushError && error.code === 'BROKER_UNAVAILABLE'
}
