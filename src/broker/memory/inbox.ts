import type { BrokerLimits, InboxPage, InboxPosition, PushHeader, StoredMessage } from '../broker.ts'

/** Freed places in front are given back in blocks, not one by one. */
const BLOCK = 256

/** One identifier: its messages (contiguous offsets up to the tip), and who holds it. */
export class MemoryInbox {
  epoch: string
  tip = 0
  /** Replica id → subscriptions. */
  readonly holders = new Map<string, number>()
  lastReplica: string | null = null
  lastSeen: number | null = null
  #messages: StoredMessage[] = []
  #start = 0

  constructor(epoch: string) {
    this.epoch = epoch
  }

  append(push: PushHeader, limits: BrokerLimits): number {
    const offset = ++this.tip
    this.#messages.push({ push, offset })
    this.trim(limits, push.pushedAt)
    return offset
  }

  /** Frees what retention does not keep. */
  trim(limits: BrokerLimits, now: number): void {
    const first = this.#firstRetained(limits, now)
    this.#start = first
    if (first >= BLOCK || first === this.#messages.length) {
      this.#messages.splice(0, first)
      this.#start = 0
    }
  }

  page(after: InboxPosition, limit: number, limits: BrokerLimits, now: number): InboxPage {
    const from = after.epoch === this.epoch ? after.offset : 0
    const retained = this.#firstRetained(limits, now)
    const first = this.#messages[retained]?.offset ?? this.tip + 1
    const index = retained + Math.max(0, from + 1 - first)
    const seen = this.#messages.slice(index, index + limit)
    const last = seen.length === limit ? seen.at(-1) : undefined
    return {
      epoch: this.epoch,
      tip: this.tip,
      messages: seen.filter(({ push }) => !isPast(push, now)),
      through: last?.offset ?? this.tip,
      lost: Math.max(0, first - 1 - from),
    }
  }

  pageBefore(before: InboxPosition | null, limit: number, limits: BrokerLimits, now: number): InboxPage {
    const ours = before === null || before.epoch === this.epoch
    const last = ours ? Math.min(this.tip, (before?.offset ?? Number.POSITIVE_INFINITY) - 1) : 0
    const messages: StoredMessage[] = []
    const retained = this.#firstRetained(limits, now)
    for (let index = this.#messages.length - 1; index >= retained && messages.length < limit; index--) {
      const message = this.#messages[index] as StoredMessage
      if (message.offset <= last && !isPast(message.push, now)) messages.unshift(message)
    }
    return {
      epoch: this.epoch,
      tip: this.tip,
      messages,
      through: Math.max(0, last),
      lost: 0,
    }
  }

  /** How many of the newest messages were pushed at this time or later. */
  pushedSince(time: number): number {
    let index = this.#messages.length
    while (index > this.#start && (this.#messages[index - 1] as StoredMessage).push.pushedAt >= time) index--
    return this.#messages.length - index
  }

  /** Ascending offsets have ascending times, so both limits cut at the front. */
  #firstRetained({ retentionMessages, retentionSeconds }: BrokerLimits, now: number): number {
    const oldest = now - retentionSeconds * 1_000
    let index = Math.max(this.#start, this.#messages.length - retentionMessages)
    while (index < this.#messages.length && (this.#messages[index] as StoredMessage).push.pushedAt <= oldest)
      index++
    return index
  }
}

function isPast({ expiresAt }: PushHeader, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}
