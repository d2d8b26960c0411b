import type {
  BrokerLimits,
  MessageEntry,
  NewPush,
  Published,
  PushHeader,
  ReceiptCount,
  ReceiptState,
} from '../broker.ts'
import { type MemoryStore, metaSeconds, type PushState } from './store.ts'

/** Stores and sends a push now, or keeps it until it is due; a repeat answers what the first one did. */
export function publish(store: MemoryStore, push: NewPush, limits: () => BrokerLimits): Published {
  const known = store.pushes.get(push.id)
  if (known) return toPublished(push.id, known, true)
  const to = [...new Set(push.to)]
  const now = store.now()
  const delayed = push.delaySeconds > 0
  const state: PushState = {
    from: push.from,
    identifiers: to.length,
    deliverAt: delayed ? now + push.delaySeconds * 1_000 : null,
    offline: delayed ? [] : send(store, push, to, limits()),
    pushedAt: now,
    sent: 0,
    delivered: 0,
    acknowledged: new Set(),
  }
  const seconds = delayed ? push.delaySeconds + metaSeconds(limits()) : limits().retentionSeconds
  store.pushes.set(push.id, state, seconds)
  if (state.deliverAt !== null) {
    const { deliverAt } = state
    store.delayed.set(push.id, {
      push,
      deliverAt,
      send: () => {
        store.delayed.delete(push.id)
        send(store, push, to, limits())
        state.pushedAt = store.now()
        store.pushes.set(push.id, state, limits().retentionSeconds)
      },
    })
  }
  return toPublished(push.id, state, false)
}

/** Its id is free again. */
export function cancel(store: MemoryStore, pushId: string): boolean {
  if (!store.delayed.delete(pushId)) return false
  store.pushes.delete(pushId)
  return true
}

function toPublished(
  id: string,
  { identifiers, offline, deliverAt }: PushState,
  duplicate: boolean,
): Published {
  return { id, accepted: identifiers, offline, duplicate, deliverAt }
}

/** Answers the identifiers that nobody held. */
function send(store: MemoryStore, push: NewPush, to: readonly string[], limits: BrokerLimits): string[] {
  const now = store.now()
  const stored = push.ttlSeconds !== 0
  const header: PushHeader = {
    id: push.id,
    from: push.from,
    trigger: push.trigger,
    traceparent: push.traceparent,
    payload: push.payload,
    pushedAt: now,
    expiresAt: push.ttlSeconds === null ? null : now + push.ttlSeconds * 1_000,
    partition: 0,
  }
  const entriesOf = new Map<string, MessageEntry[]>()
  const offline: string[] = []
  for (const identifier of to) {
    const inbox = store.inbox(identifier, limits)
    const offset = stored ? inbox.append(header, limits) : inbox.tip
    if (stored) store.age(identifier, limits)
    if (inbox.holders.size === 0) offline.push(identifier)
    for (const replicaId of inbox.holders.keys()) {
      const entries = entriesOf.get(replicaId)
      const entry = { identifier, epoch: inbox.epoch, offset }
      if (entries) entries.push(entry)
      else entriesOf.set(replicaId, [entry])
    }
  }
  for (const [replicaId, entries] of entriesOf)
    store.mailboxes.get(replicaId)?.put({ push: header, stored, entries })
  return offline
}

export function countReceipts(store: MemoryStore, counts: readonly ReceiptCount[]): void {
  for (const { pushId, sent, delivered } of counts) {
    const state = store.pushes.get(pushId)
    if (!state) continue
    state.sent += sent
    state.delivered += delivered
    store.receiptWatchers.changed(pushId)
  }
}

export function acknowledge(store: MemoryStore, pushId: string, identifier: string, by: string): boolean {
  const acknowledged = store.pushes.get(pushId)?.acknowledged
  const name = JSON.stringify([identifier, by])
  if (!acknowledged || acknowledged.has(name)) return false
  acknowledged.add(name)
  store.receiptWatchers.changed(pushId)
  return true
}

export function receipt(store: MemoryStore, pushId: string): ReceiptState | null {
  const state = store.pushes.get(pushId)
  if (!state) return null
  const { pushedAt, from, identifiers, sent, delivered, acknowledged } = state
  return {
    pushId,
    pushedAt,
    from,
    identifiers,
    sent,
    delivered,
    acknowledged: acknowledged.size,
  }
}
