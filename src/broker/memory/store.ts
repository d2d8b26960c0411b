import type { Arrival, BrokerLimits, BrokerListener, NewPush } from '../broker.ts'
import { ExpiringMap } from './expiring-map.ts'
import { MemoryInbox } from './inbox.ts'
import type { ResumeRecord } from './records.ts'

const SWEEP_INTERVAL_MS = 250
const DAY_SECONDS = 86_400

/** What is known of a push: its answer, should it be repeated, and its receipts. */
export interface PushState {
  readonly from: string | null
  readonly identifiers: number
  readonly deliverAt: number | null
  offline: readonly string[]
  pushedAt: number
  sent: number
  delivered: number
  /** Who acknowledged which message. */
  readonly acknowledged: Set<string>
}

export interface DelayedPush {
  readonly push: NewPush
  readonly deliverAt: number
  readonly send: () => void
}

/**
 * Hands arrivals to one listener: in order, and never inside the call that caused them. They go out in the next
 * microtask, so `publish` has returned its promise by then, and before any I/O of the process goes on.
 */
export class Mailbox {
  readonly #listener: BrokerListener
  #waiting: (Arrival | null)[] = []
  #closed = false

  constructor(listener: BrokerListener) {
    this.#listener = listener
  }

  /** @param arrival null: interrupted */
  put(arrival: Arrival | null): void {
    if (this.#waiting.push(arrival) === 1) queueMicrotask(() => this.#flush())
  }

  close(): void {
    this.#closed = true
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const arrival of waiting) {
      if (this.#closed) return
      if (arrival) this.#listener.arrived(arrival)
      else this.#listener.interrupted()
    }
  }
}

/** Callbacks by name, each called in a microtask of its own: never inside the call that caused the change. */
export class Watchers {
  readonly #callbacks = new Map<string, Set<() => void>>()

  add(name: string, callback: () => void): () => void {
    const callbacks = this.#callbacks.get(name) ?? new Set()
    this.#callbacks.set(name, callbacks.add(callback))
    return () => {
      callbacks.delete(callback)
      if (callbacks.size === 0 && this.#callbacks.get(name) === callbacks) this.#callbacks.delete(name)
    }
  }

  changed(name: string): void {
    const callbacks = this.#callbacks.get(name)
    for (const callback of callbacks ?? []) {
      queueMicrotask(() => {
        if (callbacks?.has(callback)) callback()
      })
    }
  }
}

export interface MemoryStoreOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Everything that the brokers of one process share. Without brokers it holds no timer. */
export class MemoryStore {
  readonly inboxes: ExpiringMap<MemoryInbox>
  readonly records: ExpiringMap<ResumeRecord>
  readonly pushes: ExpiringMap<PushState>
  /** By push id, in no order. */
  readonly delayed = new Map<string, DelayedPush>()
  readonly mailboxes = new Map<string, Mailbox>()
  /** Replica id → the identifiers that it holds. */
  readonly held = new Map<string, Set<string>>()
  readonly receiptWatchers = new Watchers()
  readonly presenceWatchers = new Watchers()
  /** Inboxes that were pushed to; when retention has passed since, their messages are freed. */
  readonly #aging: ExpiringMap<BrokerLimits>
  readonly #clock: () => number
  readonly #epochs = Math.random().toString(36).slice(2, 8)
  #epochCount = 0
  #latest = 0
  #users = 0
  #timer: NodeJS.Timeout | undefined

  constructor({ now = Date.now }: MemoryStoreOptions = {}) {
    this.#clock = now
    this.inboxes = new ExpiringMap(this.now)
    this.records = new ExpiringMap(this.now)
    this.pushes = new ExpiringMap(this.now)
    this.#aging = new ExpiringMap(this.now)
  }

  /** Never goes back, whatever the system's clock does. */
  readonly now = (): number => {
    this.#latest = Math.max(this.#latest, this.#clock())
    return this.#latest
  }

  newEpoch(): string {
    return `${this.#epochs}${(this.#epochCount++).toString(36)}`
  }

  /** The inbox, new where it is not known. */
  inbox(identifier: string, limits: BrokerLimits): MemoryInbox {
    const inbox = this.inboxes.get(identifier) ?? new MemoryInbox(this.newEpoch())
    this.inboxes.set(identifier, inbox, metaSeconds(limits))
    return inbox
  }

  age(identifier: string, limits: BrokerLimits): void {
    this.#aging.set(identifier, limits, limits.retentionSeconds)
  }

  /** A broker begins to use the store; the answer ends that. */
  use(): () => void {
    if (this.#users++ === 0) {
      this.#timer = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS)
      this.#timer.unref()
    }
    let used = true
    return () => {
      if (used && --this.#users === 0) clearInterval(this.#timer)
      used = false
    }
  }

  /** Sends what is due and frees what has ended; by itself every 250 ms. */
  sweep(): void {
    const now = this.now()
    const due = [...this.delayed.values()].filter(({ deliverAt }) => deliverAt <= now)
    for (const { send } of due.sort((one, other) => one.deliverAt - other.deliverAt)) send()
    this.#aging.sweep((limits, identifier) => {
      this.inboxes.get(identifier)?.trim(limits, now)
      return 0
    })
    this.inboxes.sweep((inbox) => (inbox.holders.size > 0 ? DAY_SECONDS : 0))
    this.records.sweep()
    this.pushes.sweep()
  }
}

/** How long what is known of an inbox outlives it. */
export function metaSeconds({ retentionSeconds, resumeSeconds }: BrokerLimits): number {
  return Math.max(2 * Math.max(retentionSeconds, resumeSeconds), DAY_SECONDS)
}
