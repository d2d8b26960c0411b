import { setTimeout as delay } from 'node:timers/promises'
import { brokerUnavailable } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import type { Broker, BrokerLimits, BrokerListener, Unwatch } from '../broker.ts'
import type { StoreMeter } from '../store-meter.ts'
import { parseArrival } from './channels.ts'
import { CommandConnection } from './connection.ts'
import { RedisHoldings } from './holdings.ts'
import { RedisInboxes } from './inboxes.ts'
import { createKeys } from './keys.ts'
import { RedisPushes } from './pushes.ts'
import { RedisStore, settleAll } from './store.ts'
import { openPubSub } from './subscriber.ts'

export interface RedisBrokerOptions {
  /** `redis://[user:password@]host:port[/db]`; Redis 7.0 or Valkey 7.2 at least. */
  readonly url: string
  /** What every key begins with. */
  readonly prefix: string
  /** Unique per process start. */
  readonly replicaId: string
  readonly limits: BrokerLimits
  readonly log?: Log
  readonly meter?: StoreMeter
}

/** How long a subscription to a channel may take to be confirmed. */
const SUBSCRIBE_LIMIT_MS = 1_400
const PULSE_INTERVAL_MS = 250
const DUE_BATCH = 16

/**
 * The broker over Redis. It connects at once and for ever; until the server is there, everything rejects with
 * `BROKER_UNAVAILABLE`. `listen` rejects too and may be called again.
 */
export function createRedisBroker(options: RedisBrokerOptions): Broker {
  const { url, replicaId, limits, log } = options
  const keys = createKeys(options.prefix)
  const connection = new CommandConnection({
    url,
    name: `cloudpush:${replicaId}`,
    log,
    meter: options.meter,
  })
  const store = new RedisStore(keys, replicaId, connection, limits, log)
  const holdings = new RedisHoldings(store)
  const pushes = new RedisPushes(store)
  const inboxes = new RedisInboxes(store)
  const partitions = Array.from({ length: keys.partitions }, (_, partition) => partition)

  let listener: BrokerListener | undefined
  let closed = false
  const watchers = new Set<() => void>()

  const channels = openPubSub({ url, name: `cloudpush:${replicaId}:sub`, log }, connection.client, () => {
    listener?.interrupted()
    // What they watch may have changed unheard.
    for (const changed of watchers) changed()
  })
  store.onForgotten = () => listener?.interrupted()

  function unavailable(message: string) {
    return brokerUnavailable(message, {}, new Error(connection.trouble))
  }

  /** Resolves when Redis has confirmed; a confirmation that comes too late ends the subscription again. */
  async function subscribe(channel: string, handler: (message: Buffer) => void): Promise<number> {
    if (closed) throw unavailable('The broker is closed.')
    const subscribed = channels.pubsub.subscribe<Buffer>(channel, handler)
    const limit = new AbortController()
    try {
      const subscription = await Promise.race([
        subscribed,
        delay(SUBSCRIBE_LIMIT_MS, undefined, { signal: limit.signal }),
      ])
      if (subscription !== undefined) return subscription
    } finally {
      limit.abort()
    }
    void subscribed.then((subscription) => channels.unsubscribe(subscription))
    throw unavailable('The store cannot be reached; try again.')
  }

  async function watch(
    names: readonly (readonly [channel: string, changed: () => void])[],
  ): Promise<Unwatch> {
    const results = await Promise.allSettled(names.map(([channel, changed]) => subscribe(channel, changed)))
    const subscriptions = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const unwatch = async () => {
      for (const [, changed] of names) watchers.delete(changed)
      for (const subscription of subscriptions.splice(0)) channels.unsubscribe(subscription)
    }
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) {
      await unwatch()
      throw failed.reason
    }
    for (const [, changed] of names) watchers.add(changed)
    return unwatch
  }

  function heard(message: Buffer, partition: number): void {
    const arrival = parseArrival(message, partition)
    if (arrival) listener?.arrived(arrival)
    else void look(partition)
  }

  /** One pulse: are we who we think, and what is due? Sends what is. Never rejects. */
  async function look(partition: number): Promise<void> {
    try {
      for (;;) {
        const due = await store.pulse(partition, DUE_BATCH)
        for (const member of due) await pushes.deliver(partition, member)
        if (due.length < DUE_BATCH) return
      }
    } catch (error) {
      log?.debug({ err: error }, 'pulse failed')
    }
  }

  let pulse: NodeJS.Timeout | undefined
  function schedulePulse(): void {
    if (closed) return
    pulse = setTimeout(
      async () => {
        if (connection.available) await Promise.all(partitions.map(look))
        schedulePulse()
      },
      PULSE_INTERVAL_MS * (0.8 + Math.random() * 0.4),
    )
    pulse.unref()
  }

  let opened = false

  return {
    async listen(to) {
      const subscriptions: number[] = []
      try {
        for (const partition of partitions) {
          const channel = keys.toPrefix(partition) + replicaId
          subscriptions.push(await subscribe(channel, (message) => heard(message, partition)))
        }
        await settleAll(partitions.map((partition) => store.pulse(partition, 0)))
      } catch (error) {
        for (const subscription of subscriptions) channels.unsubscribe(subscription)
        throw brokerUnavailable(
          `Redis at ${connection.address} cannot be used: ${connection.trouble}`,
          {},
          error,
        )
      }
      listener = to
      if (!opened) schedulePulse()
      opened = true
    },
    configure(limits) {
      store.limits = limits
    },
    publish: (push) => pushes.publish(push),
    cancel: (pushId) => pushes.cancel(pushId),
    isResumable: (identifier, resume) => holdings.isResumable(identifier, resume),
    attach: (requests) => holdings.attach(requests),
    detach: (requests) => holdings.detach(requests),
    rehold: (held) => holdings.rehold(held),
    confirm: (confirmations) => holdings.confirm(confirmations),
    read: (identifier, after, limit) => inboxes.read(identifier, after, limit),
    readBefore: (identifier, before, limit) => inboxes.readBefore(identifier, before, limit),
    countReceipts: (counts) => pushes.countReceipts(counts),
    acknowledge: (pushId, identifier, by) => pushes.acknowledge(pushId, identifier, by),
    receipt: (pushId) => pushes.receipt(pushId),
    watchReceipt: (pushId, changed) =>
      watch(partitions.map((partition) => [keys.receiptPrefix(partition) + pushId, () => changed()])),
    presence: (identifiers) => holdings.presence(identifiers),
    watchPresence(identifiers, changed) {
      const all = () => {
        for (const identifier of identifiers) changed(identifier)
      }
      const forgotten = partitions.map((partition) => [keys.forgotten(partition), all] as const)
      const each = identifiers.map((identifier) => {
        const channel = keys.presencePrefix(keys.partitionOf(identifier)) + identifier
        return [channel, () => changed(identifier)] as const
      })
      return watch([...forgotten, ...each])
    },
    lastReplica: (identifier) => holdings.lastReplica(identifier),
    forgetReplica: (replica) => holdings.forgetReplica(replica),
    get available() {
      return connection.available && channels.available
    },
    async [Symbol.asyncDispose]() {
      closed = true
      listener = undefined
      clearTimeout(pulse)
      watchers.clear()
      channels.close()
      connection.close()
    },
  }
}
