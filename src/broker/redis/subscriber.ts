import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { hostText, type RedisHost, redisAddress } from '../../config/redis-url.ts'
import { type ConnectionOptions, openRedis } from './client.ts'
import { replyCode } from './connection.ts'
import { slotOf } from './slots.ts'
import { TroubleLog } from './trouble.ts'

/** A subscriber sends nothing that would be missed, so a dead connection shows only when it is asked. */
const PING_INTERVAL_MS = 1_000
/** While the Cluster has no master for a slot. */
const RETRY_MS = 100

export interface SubscriberEvents {
  heard(channel: Buffer, message: Buffer): void
  /** After a reconnection every channel is subscribed again: messages may have been missed. */
  restored(): void
  /** The slot of some channels is elsewhere now. */
  moved(slot: number, home: string): void
}

/**
 * The subscriber connection to one server. Channels are sharded ones everywhere: a server alone knows them too. It keeps
 * what the stock client does not: an SSUBSCRIBE is confirmed or tried again on the next connection, an SUNSUBSCRIBE never
 * rejects, and after a reconnection `restored` is told only once every channel is subscribed again.
 */
export class Subscriber {
  readonly #client: Redis
  readonly #channels = new Set<string>()
  readonly #unconfirmed = new Map<string, (() => void)[]>()
  readonly #events: SubscriberEvents
  readonly #trouble: TroubleLog
  readonly #pings: NodeJS.Timeout
  #connections = 0
  #closed = false
  /** Every channel is subscribed on the connection of this moment. */
  complete = false

  /** @param node one node of a Cluster */
  constructor(options: ConnectionOptions, events: SubscriberEvents, node: RedisHost | null = null) {
    this.#events = events
    this.#trouble = new TroubleLog(node ? hostText(node) : redisAddress(options.url), options.log)
    this.#client = openRedis(options, node)
    this.#client.on('error', (error: Error) => this.#trouble.failed(error))
    this.#client.on('close', () => {
      this.complete = false
    })
    this.#client.on('ready', () => void this.#subscribeAll())
    this.#client.on('smessageBuffer', (channel: Buffer, message: Buffer) => events.heard(channel, message))
    // The server ends subscriptions by itself when it gives a slot away: asked again, it says where that went.
    this.#client.on('moved', () => void this.#subscribe([...this.#channels]))
    this.#pings = setInterval(() => {
      if (this.#client.status === 'ready') this.#client.ping().catch(() => this.#reconnect())
    }, PING_INTERVAL_MS)
    this.#pings.unref()
  }

  subscribe(channel: string, confirmed: () => void): void {
    this.#channels.add(channel)
    const waiting = this.#unconfirmed.get(channel)
    if (waiting) waiting.push(confirmed)
    else this.#unconfirmed.set(channel, [confirmed])
    if (this.complete) void this.#subscribe([channel])
  }

  unsubscribe(channel: string): void {
    this.#channels.delete(channel)
    this.#unconfirmed.delete(channel)
    // While the connection is away there is nothing to unsubscribe from.
    if (this.#client.status === 'ready') this.#client.sunsubscribe(channel).catch(() => {})
  }

  /** As `unsubscribe`; answers whom it has not confirmed to. */
  withdraw(channel: string): readonly (() => void)[] {
    const waiting = this.#unconfirmed.get(channel) ?? []
    this.unsubscribe(channel)
    return waiting
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#pings)
    this.#client.disconnect()
  }

  #reconnect(): void {
    if (!this.#closed) this.#client.disconnect(true)
  }

  async #subscribeAll(): Promise<void> {
    const connection = ++this.#connections
    // What is asked for while this is under way is told apart by the loop: it ends when nothing new came.
    const done = new Set<string>()
    for (;;) {
      const missing = [...this.#channels].filter(
        (channel) => !done.has(channel) || this.#unconfirmed.has(channel),
      )
      if (missing.length === 0) break
      if (!(await this.#subscribe(missing)) || connection !== this.#connections) return
      for (const channel of missing) done.add(channel)
    }
    if (this.#client.status !== 'ready' || this.#closed) return
    this.complete = true
    this.#trouble.over()
    if (connection > 1) this.#events.restored()
  }

  /** One command per slot. False: the connection is given up. */
  async #subscribe(channels: readonly string[]): Promise<boolean> {
    const bySlot = new Map<number, string[]>()
    for (const channel of channels) {
      const slot = slotOf(channel)
      const group = bySlot.get(slot)
      if (group) group.push(channel)
      else bySlot.set(slot, [channel])
    }
    const answers = await Promise.all([...bySlot.values()].map((group) => this.#subscribeSlot(group)))
    return answers.every((answer) => answer)
  }

  async #subscribeSlot(channels: readonly string[]): Promise<boolean> {
    try {
      await this.#client.ssubscribe(...channels)
    } catch (error) {
      return await this.#refused(channels, error as Error)
    }
    for (const channel of channels) {
      const waiting = this.#unconfirmed.get(channel) ?? []
      this.#unconfirmed.delete(channel)
      for (const confirmed of waiting) confirmed()
    }
    return true
  }

  async #refused(channels: readonly string[], error: Error): Promise<boolean> {
    if (replyCode(error) === 'MOVED') {
      const [, slot, home = ''] = error.message.split(' ')
      // Whoever routes takes these channels away from here; where that is not known yet, we ask again.
      this.#events.moved(Number(slot), home)
      const left = channels.filter((channel) => this.#channels.has(channel))
      if (left.length > 0) await delay(RETRY_MS, undefined, { ref: false })
      return true
    }
    this.#trouble.failed(error)
    if (replyCode(error) === 'CLUSTERDOWN') {
      await delay(RETRY_MS, undefined, { ref: false })
      return await this.#subscribeSlot(channels.filter((channel) => this.#channels.has(channel)))
    }
    this.#reconnect()
    return false
  }
}
