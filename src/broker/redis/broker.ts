import { setTimeout as delay } from 'node:timers/promises'
import { brokerUnavailable } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import type { Broker, BrokerLimits, BrokerListener, Unwatch } from '../broker.ts'
import type { StoreMeter } from '../store-meter.ts'
import { parseArrival } from './channels.ts'
import { locate, type RedisSource } from './client.ts'
import { openCommands } from './commands.ts'
import { RedisHoldings } from './holdings.ts'
import { RedisInboxes } from './inboxes.ts'
import { createKeys } from './keys.ts'
import { openPubSub } from './pubsub.ts'
import { RedisPushes } from './pushes.ts'
import { RedisStore, settleAll } from './store.ts'
import { Testimony } from './testimony.ts'

/** Redis 7.0 or Valkey 7.2 at least. */
export interface RedisBrokerOptions extends RedisSource {
  /** What every key begins with. */
  readonly prefix: string
  /** Unique per process start. */
  readonly replicaId: string
  readonly limits: BrokerLimits
  /** How many of Redis's replicas have to have a push before it is accepted; default 0. */
  readonly writeQuorum?: number
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
  const { prefix, replicaId, limits, writeQuorum = 0, log, meter, ...source } = options
  const keys = createKeys(prefix, locate(source).mode === 'cluster' ? 'cluster' : 'single')
  const { partitions } = keys
  const commands = openCommands({ ...source, name: `cloudpush:${replicaId}`, log, meter })
  const accepting =
    writeQuorum === 0
      ? null
      : {
          commands: openCommands({ ...source, name: `cloudpush:${replicaId}:push`, writeQuorum, log, meter }),
          writeQuorum,
        }
  const store = new RedisStore({ keys, replicaId, commands, accepting, limits, log })
  const holdings = new RedisHoldings(store)
  const pushes = new RedisPushes(store, new Testimony(store))
  const inboxes = new RedisInboxes(store)

  let listener: BrokerListener | undefined
  let closed = false
  const watchers = new Set<() => void>()

  const channels = openPubSub({ ...source, name: `cloudpush:${replicaId}:sub`, log }, commands, () => {
    listener?.interrupted()
    // What they watch may have changed unheard.
    for (const changed of watchers) changed()
  })
  store.onForgotten = () => listener?.interrupted()

  function unavailable(message: string) {
    return brokerUnavailable(message, {}, new Error(commands.trouble))
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

  function reachable(partition: number): boolean {
    return commands.isAvailable(keys.slotOf(partition))
  }

  let pulse: NodeJS.Timeout | undefined
  function schedulePulse(): void {
    if (closed) return
    pulse = setTimeout(
      async () => {
        await Promise.all(partitions.filter(reachable).map(look))
        schedulePulse()
      },
      PULSE_INTERVAL_MS * (0.8 + Math.random() * 0.4),
    )
    pulse.unref()
  }

  let opened = false

  return {
    async listen(to) {
      const results = await Promise.allSettled(
        partitions.map((partition) =>
          subscribe(keys.toPrefix(partition) + replicaId, (message) => heard(message, partition)),
        ),
      )
      try {
        for (const result of results) if (result.status === 'rejected') throw result.reason
        await settleAll(partitions.map((partition) => store.pulse(partition, 0)))
      } catch (error) {
        for (const result of results) {
          if (result.status === 'fulfilled') channels.unsubscribe(result.value)
        }
        throw brokerUnavailable(`Redis at ${commands.address} cannot be used: ${commands.trouble}`, {}, error)
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
      return partitions.some(
        (partition) => reachable(partition) && channels.isAvailable(keys.slotOf(partition)),
      )
    },
    async [Symbol.asyncDispose]() {
      closed = true
      listener = undefined
      clearTimeout(pulse)
      watchers.clear()
      channels.close()
      accepting?.commands.close()
      commands.close()
    },
  }
}
