import { RedisPubSub } from 'graphql-redis-subscriptions'
import type { Redis } from 'ioredis'
import type { ConnectionOptions } from './client.ts'
import { ClusterCommands } from './cluster-commands.ts'
import { ClusterSubscriber } from './cluster-subscriber.ts'
import type { Commands } from './commands.ts'
import { Subscriber } from './subscriber.ts'

type Hear = (channel: Buffer, message: Buffer) => void

/** What `RedisPubSub` uses of an ioredis client, over sharded channels; for it, they are plain ones. */
class Facade {
  readonly #subscriber: Subscriber | ClusterSubscriber
  readonly #hear: Hear[] = []

  constructor(options: ConnectionOptions, commands: Commands, restored: () => void) {
    const heard: Hear = (channel, message) => {
      for (const hear of this.#hear) hear(channel, message)
    }
    this.#subscriber =
      commands instanceof ClusterCommands
        ? new ClusterSubscriber(options, commands, { heard, restored })
        : new Subscriber(options, { heard, restored, moved: () => {} })
  }

  /** It asks for `smessageBuffer`, and for patterns, which we have none of. */
  on(event: string, hear: Hear): this {
    if (event === 'smessageBuffer') this.#hear.push(hear)
    return this
  }

  subscribe(channel: string, confirmed: (error: null) => void): void {
    this.#subscriber.subscribe(channel, () => confirmed(null))
  }

  unsubscribe(channel: string): void {
    this.#subscriber.unsubscribe(channel)
  }

  /** `RedisPubSub` ends every subscription with both kinds. */
  punsubscribe(): void {}

  isComplete(slot: number): boolean {
    const subscriber = this.#subscriber
    return subscriber instanceof Subscriber ? subscriber.complete : subscriber.isComplete(slot)
  }

  close(): void {
    this.#subscriber.close()
  }
}

export interface PubSub {
  /** Hands each message over as the bytes that came. Only hears: what is published goes through scripts. */
  readonly pubsub: RedisPubSub
  /** All channels of that slot are subscribed on the connection of this moment. */
  isAvailable(slot: number): boolean
  /** `RedisPubSub.unsubscribe`, which throws when there is nothing to end. */
  unsubscribe(subscription: number): void
  close(): void
}

/**
 * A `RedisPubSub` over sharded channels. `subscribe` never rejects: it resolves when Redis has confirmed, so whoever
 * cannot wait sets a limit.
 * @param restored called when channels are subscribed again after they were not: messages may have been missed
 */
export function openPubSub(options: ConnectionOptions, commands: Commands, restored: () => void): PubSub {
  const facade = new Facade(options, commands, restored)
  const pubsub = new RedisPubSub({
    // It publishes nothing.
    publisher: facade as unknown as Redis,
    subscriber: facade as unknown as Redis,
    messageEventName: 'smessageBuffer',
    deserializer: (message) => message,
  })
  return {
    pubsub,
    isAvailable: (slot) => facade.isComplete(slot),
    unsubscribe(subscription) {
      try {
        pubsub.unsubscribe(subscription)
      } catch {
        // It had ended.
      }
    },
    close: () => facade.close(),
  }
}
