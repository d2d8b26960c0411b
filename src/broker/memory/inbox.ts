import type {
  BrokerLimits,
  Continuation,
  ContinuedPage,
  InboxPage,
  InboxPosition,
  PushHeader,
  StoredMessage,
} from '../broker.ts'

/** Freed places in front are given back in blocks, not one by one. */
const BLOCK = 256
const MAX_FORMER = 4

/** One identifier: its messages (contiguous offsets up to the tip), and who holds it. */
export class MemoryInbox {
  epoch: string
  tip = 0
  /** Replica id → subscriptions. */
  readonly holders = new Map<string, number>()
  lastReplica: string | null = null
  lastSeen: number | null = null
  /** Epochs before this one, and through which offset each is the same. */
  #former: { readonly epoch: string; readonly kept: number }[] = []
  #messages: StoredMessage[] = []
  #start = 0

  constructor(epoch: string) {
    this.epoch = epoch
  }

  /** What a position's epoch has in common with the one of now. This store forgets nothing by itself: who knew more was told so. */
  continuation(epoch: string): Continuation {
    if (epoch === this.epoch) return { kept: this.tip, lossy: false }
    const since = this.#former.slice(this.#former.findIndex((former) => former.epoch === epoch))
    if (since[0]?.epoch !== epoch) return { kept: null, lossy: false }
    return { kept: Math.min(...since.map(({ kept }) => kept)), lossy: true }
  }

  /** Somebody stands there. Where that is beyond what there is, all others are to hear of the loss too: another epoch. */
  witness({ epoch, offset }: InboxPosition, newEpoch: () => string): Continuation {
    const { kept, lossy } = this.continuation(epoch)
    if (kept !== null && offset > kept && !lossy) {
      this.#former = [...this.#former, { epoch: this.epoch, kept: this.tip }].slice(-MAX_FORMER)
      this.epoch = newEpoch()
    }
    return this.continuation(epoch)
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

  page(after: InboxPosition, limit: number, limits: BrokerLimits, now: number): ContinuedPage {
    const continuation = this.continuation(after.epoch)
    const from = after.epoch === this.epoch ? after.offset : Math.min(after.offset, continuation.kept ?? 0)
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
      ...continuation,
    }
  }

  pageBefore(before: InboxPosition | null, limit: number, limits: BrokerLimits, now: number): InboxPage {
    const kept = before === null ? this.tip : (this.continuation(before.epoch).kept ?? 0)
    const last = Math.min(kept, (before?.offset ?? Number.POSITIVE_INFINITY) - 1)
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
