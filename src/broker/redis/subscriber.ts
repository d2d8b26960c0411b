import { RedisPubSub } from 'graphql-redis-subscriptions'
import type { Redis } from 'ioredis'
import { type ConnectionOptions, openRedis, redisAddress, TroubleLog } from './connection.ts'

/** A subscriber sends nothing that would be missed, so a dead connection shows only when it is asked. */
const PING_INTERVAL_MS = 1_000

/**
 * The subscriber connection, as `RedisPubSub` sees it. It keeps what the stock client does not: a SUBSCRIBE is confirmed
 * or tried again on the next connection (a failed one would leave `RedisPubSub` with a rejection that nobody can
 * handle), an UNSUBSCRIBE never rejects, and after a reconnection `restored` is told only once every channel is
 * subscribed again.
 */
class Subscriber {
  readonly client: Redis
  readonly #channels = new Set<string>()
  readonly #unconfirmed = new Map<string, (() => void)[]>()
  readonly #restored: () => void
  readonly #trouble: TroubleLog
  readonly #pings: NodeJS.Timeout
  #connections = 0
  #closed = false
  /** Every channel is subscribed on the connection of this moment. */
  complete = false

  constructor(options: ConnectionOptions, restored: () => void) {
    this.#restored = restored
    this.#trouble = new TroubleLog(redisAddress(options.url), options.log)
    this.client = openRedis(options)
    this.client.on('error', (error: Error) => this.#trouble.failed(error))
    this.client.on('close', () => {
      this.complete = false
    })
    this.client.on('ready', () => void this.#subscribeAll())
    this.#pings = setInterval(() => {
      if (this.client.status === 'ready') this.client.ping().catch(() => this.#reconnect())
    }, PING_INTERVAL_MS)
    this.#pings.unref()
  }

  on(event: string, handler: (...args: unknown[]) => void): this {
    this.client.on(event, handler)
    return this
  }

  subscribe(channel: string, confirmed: (error: null) => void): void {
    this.#channels.add(channel)
    const waiting = this.#unconfirmed.get(channel)
    if (waiting) waiting.push(() => confirmed(null))
    else this.#unconfirmed.set(channel, [() => confirmed(null)])
    if (this.complete) void this.#subscribe([channel])
  }

  unsubscribe(channel: string): void {
    this.#channels.delete(channel)
    // While the connection is away there is nothing to unsubscribe from.
    if (this.client.status === 'ready') this.client.unsubscribe(channel).catch(() => {})
  }

  /** `RedisPubSub` ends every subscription with both kinds; we have no patterns. */
  punsubscribe(): void {}

  close(): void {
    this.#closed = true
    clearInterval(this.#pings)
    this.client.disconnect()
  }

  #reconnect(): void {
    if (!this.#closed) this.client.disconnect(true)
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
    if (this.client.status !== 'ready' || this.#closed) return
    this.complete = true
    this.#trouble.over()
    if (connection > 1) this.#restored()
  }

  async #subscribe(channels: readonly string[]): Promise<boolean> {
    try {
      await this.client.subscribe(...channels)
    } catch (error) {
      this.#trouble.failed(error as Error)
      this.#reconnect()
      return false
    }
    for (const channel of channels) {
      const waiting = this.#unconfirmed.get(channel) ?? []
      this.#unconfirmed.delete(channel)
      for (const confirmed of waiting) confirmed()
    }
    return true
  }
}

export interface PubSub {
  /** Hands each message over as the bytes that came. */
  readonly pubsub: RedisPubSub
  /** All that is subscribed is subscribed on the connection of this moment. */
  readonly available: boolean
  /** `RedisPubSub.unsubscribe`, which throws when there is nothing to end. */
  unsubscribe(subscription: number): void
  close(): void
}

/**
 * A `RedisPubSub` over two clients of ours. `subscribe` never rejects: it resolves when Redis has confirmed, so whoever
 * cannot wait sets a limit.
 * @param commands publishes
 * @param restored called after a reconnection, when every channel is subscribed again: messages may have been missed
 */
export function openPubSub(options: ConnectionOptions, commands: Redis, restored: () => void): PubSub {
  const subscriber = new Subscriber(options, restored)
  const pubsub = new RedisPubSub({
    publisher: commands,
    // It uses `on`, `subscribe`, `unsubscribe` and `punsubscribe` of it, which are there.
    subscriber: subscriber as unknown as Redis,
    messageEventName: 'messageBuffer',
    deserializer: (message) => message,
  })
  return {
    pubsub,
    get available() {
      return subscriber.complete
    },
    unsubscribe(subscription) {
      try {
        pubsub.unsubscribe(subscription)
      } catch {
        // It had ended.
      }
    },
    close: () => subscriber.close(),
  }
}
