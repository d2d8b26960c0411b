import { brokerUnavailable } from '../errors.ts'
import type {
  Attached,
  AttachRequest,
  Broker,
  BrokerLimits,
  DetachRequest,
  HeldInbox,
  InboxTip,
  PresenceState,
} from './broker.ts'
import type { MemoryInbox } from './memory/inbox.ts'
import { acknowledge, cancel, countReceipts, publish, receipt } from './memory/pushes.ts'
import { confirmRecord, forgetRecord, hasRecord, startRecord } from './memory/records.ts'
import { Mailbox, MemoryStore } from './memory/store.ts'

export interface MemoryBrokerOptions {
  /** Unique among the brokers of one store. */
  readonly replicaId: string
  readonly limits: BrokerLimits
  /** Given to several brokers it makes them replicas of one cluster, in one process. */
  readonly store?: MemoryStore
}

/**
 * The broker in this process: nothing outlives it. Arrivals are handed over in order, in a microtask after the call that
 * caused them, so `publish` has returned its promise by then. Retention, records and pushes end by the clock and are
 * freed by one sweep.
 */
export function createMemoryBroker(options: MemoryBrokerOptions): Broker {
  const { replicaId, store = new MemoryStore() } = options
  let { limits } = options
  let closed = false
  const release = store.use()

  /** The store, for as long as this broker is open. */
  function open(): MemoryStore {
    if (closed) throw brokerUnavailable('The broker is closed.')
    return store
  }

  function hold(identifier: string, inbox: MemoryInbox, subscriptions: number): void {
    const changed = inbox.holders.get(replicaId) !== subscriptions
    inbox.holders.set(replicaId, subscriptions)
    inbox.lastReplica = replicaId
    const held = store.held.get(replicaId)
    if (held) held.add(identifier)
    else store.held.set(replicaId, new Set([identifier]))
    if (changed) store.presenceWatchers.changed(identifier)
  }

  function attach(request: AttachRequest): Attached {
    const { identifier } = request
    const inbox = open().inbox(identifier, limits)
    hold(identifier, inbox, request.subscriptions)
    const start = startRecord(store, inbox, request, limits.resumeSeconds)
    return { identifier, epoch: inbox.epoch, tip: inbox.tip, ...start }
  }

  function detach({ identifier, subscriptions, confirmation, forget }: DetachRequest): void {
    if (subscriptions > 0) hold(identifier, open().inbox(identifier, limits), subscriptions)
    else drop(open(), identifier, replicaId)
    if (confirmation) confirmRecord(store, confirmation, limits.resumeSeconds)
    if (forget) forgetRecord(store, identifier, forget)
  }

  function rehold({ identifier, subscriptions, epoch, offset }: HeldInbox): InboxTip {
    const inbox = open().inbox(identifier, limits)
    hold(identifier, inbox, subscriptions)
    const continuation = inbox.witness({ epoch, offset }, () => store.newEpoch())
    return { identifier, epoch: inbox.epoch, tip: inbox.tip, ...continuation }
  }

  return {
    async listen(listener) {
      const opened = open()
      opened.mailboxes.get(replicaId)?.close()
      opened.mailboxes.set(replicaId, new Mailbox(listener))
    },
    configure(to) {
      limits = to
    },
    publish: async (push) => publish(open(), push, () => limits),
    cancel: async (pushId) => cancel(open(), pushId),
    isResumable: async (identifier, resume) => hasRecord(open(), identifier, resume),
    attach: async (requests) => requests.map(attach),
    detach: async (requests) => {
      for (const request of requests) detach(request)
    },
    rehold: async (inboxes) => inboxes.map(rehold),
    confirm: async (confirmations) => {
      for (const confirmation of confirmations) confirmRecord(open(), confirmation, limits.resumeSeconds)
    },
    read: async (identifier, after, limit) =>
      open().inbox(identifier, limits).page(after, limit, limits, store.now()),
    readBefore: async (identifier, before, limit) =>
      open().inboxes.get(identifier)?.pageBefore(before, limit, limits, store.now()) ?? {
        epoch: '',
        tip: 0,
        messages: [],
        through: 0,
        lost: 0,
      },
    countReceipts: async (counts) => countReceipts(open(), counts),
    acknowledge: async (pushId, identifier, by) => acknowledge(open(), pushId, identifier, by),
    receipt: async (pushId) => receipt(open(), pushId),
    async watchReceipt(pushId, changed) {
      const unwatch = open().receiptWatchers.add(pushId, () => changed())
      return async () => unwatch()
    },
    presence: async (identifiers) =>
      identifiers.map((identifier) => presenceOf(identifier, open().inboxes.get(identifier))),
    async watchPresence(identifiers, changed) {
      const { presenceWatchers } = open()
      const unwatch = identifiers.map((identifier) =>
        presenceWatchers.add(identifier, () => changed(identifier)),
      )
      return async () => {
        for (const end of unwatch) end()
      }
    },
    lastReplica: async (identifier) => open().inboxes.get(identifier)?.lastReplica ?? null,
    async forgetReplica(replica) {
      const held = open().held.get(replica)
      if (!held || held.size === 0) return
      for (const identifier of [...held]) drop(store, identifier, replica)
      // Should it live, it is told: it says again what it holds.
      store.mailboxes.get(replica)?.put(null)
    },
    get available() {
      return !closed
    },
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      store.mailboxes.get(replicaId)?.close()
      store.mailboxes.delete(replicaId)
      release()
    },
  }
}

/** The replica holds the identifier no more. */
function drop(store: MemoryStore, identifier: string, replicaId: string): void {
  const held = store.held.get(replicaId)
  held?.delete(identifier)
  if (held?.size === 0) store.held.delete(replicaId)
  const inbox = store.inboxes.get(identifier)
  if (!inbox?.holders.delete(replicaId)) return
  if (inbox.holders.size === 0) inbox.lastSeen = store.now()
  store.presenceWatchers.changed(identifier)
}

function presenceOf(identifier: string, inbox: MemoryInbox | undefined): PresenceState {
  const holders = [...(inbox?.holders ?? [])]
  return {
    identifier,
    subscriptions: holders.reduce((sum, [, subscriptions]) => sum + subscriptions, 0),
    replicaIds: holders.map(([replicaId]) => replicaId),
    lastSeen: holders.length > 0 ? null : (inbox?.lastSeen ?? null),
  }
}
