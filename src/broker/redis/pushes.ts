import { brokerUnavailable, CloudpushError } from '../../errors.ts'
import type { NewPush, Published, ReceiptCount, ReceiptState } from '../broker.ts'
import { headerOf, parseHeader } from './header.ts'
import { PUSH_DUPLICATE, type ScriptArgument } from './scripts.ts'
import { type RedisStore, settleAll, toBatches } from './store.ts'
import type { Testimony } from './testimony.ts'

/** Identifiers in one call of `publish`. */
const CHUNK = 250
const RECEIPT_BATCH = 500

/** One call of `publish` or `schedule`. */
interface Chunk {
  readonly partition: number
  readonly index: number
  /** Of the whole push in this partition. */
  readonly total: number
  readonly identifiers: readonly string[]
}

/** What `publish` and `schedule` answer. */
type PushRow = readonly [code: number, offline: string, identifiers?: string, due?: string, places?: string]

/** Pushes: at once, delayed and taken back, and their receipts. */
export class RedisPushes {
  readonly #store: RedisStore
  readonly #testimony: Testimony

  constructor(store: RedisStore, testimony: Testimony) {
    this.#store = store
    this.#testimony = testimony
  }

  async publish(push: NewPush): Promise<Published> {
    const chunks = this.#chunks(push.to)
    const send = push.delaySeconds > 0 ? this.#schedule : this.#publish
    const results = await Promise.allSettled(chunks.map((chunk) => send.call(this, push, chunk)))
    const rows: PushRow[] = []
    const failures: unknown[] = []
    for (const result of results) {
      if (result.status === 'rejected') failures.push(result.reason)
      else rows.push(result.value)
    }
    if (failures.length > 0)
      throw withPushId(failures.find((failure) => !isStored(failure)) ?? failures[0], push.id)
    const [first] = rows
    const duplicate = first?.[0] === PUSH_DUPLICATE
    const offline = rows.flatMap((row) => JSON.parse(row[1]) as string[])
    return {
      id: push.id,
      accepted: duplicate
        ? acceptedBefore(chunks, rows)
        : chunks.reduce((sum, { identifiers }) => sum + identifiers.length, 0),
      offline,
      duplicate,
      deliverAt: first?.[3] ? Number(first[3]) : null,
    }
  }

  async cancel(pushId: string): Promise<boolean> {
    const { keys } = this.#store
    const answers = await settleAll(
      keys.partitions.map((partition) =>
        this.#store.run(
          'cancel',
          partition,
          [keys.push(partition, pushId), keys.due(partition), keys.delayed(partition, pushId)],
          [pushId],
        ),
      ),
    )
    return answers.includes(1)
  }

  /** Sends what is due, by its member of `due`. False when another replica did, or it was cancelled. */
  async deliver(partition: number, member: string): Promise<boolean> {
    const { keys } = this.#store
    const colon = member.indexOf(':')
    const chunk = member.slice(0, colon)
    const pushId = member.slice(colon + 1)
    const delayed = keys.delayed(partition, pushId)
    const [header, payload, ttl, identifiers] = await this.#store.command(partition, (client) =>
      client.hmget(delayed, 'h', 'p', 'ttl', `t${chunk}`),
    )
    const due = keys.due(partition)
    // Without its record it was sent meanwhile, or the record is lost: then the member must not come up for ever.
    const known = header != null && payload != null && ttl != null && identifiers != null
    const list = known ? (JSON.parse(identifiers) as string[]) : []
    const storing = this.#storing(partition)
    const answer = await this.#store.runInTerm(
      'deliver',
      partition,
      [keys.push(partition, pushId), keys.dead(partition), due, delayed, ...this.#inboxKeys(list)],
      (term) => [header ?? '', payload ?? '', ttl ?? 0, ...storing, chunk, term, member, ...list.map(json)],
    )
    return answer === 1
  }

  async countReceipts(counts: readonly ReceiptCount[]): Promise<void> {
    const { keys } = this.#store
    const calls = toBatches(counts, ({ partition }) => partition, RECEIPT_BATCH).map(
      ({ partition, requests }) => {
        const names = requests.map(({ pushId }) => keys.push(partition, pushId))
        const args = requests.flatMap(({ pushId, sent, delivered }) => [pushId, sent, delivered])
        return this.#store.run('count-receipts', partition, names, [keys.receiptPrefix(partition), ...args])
      },
    )
    await settleAll(calls)
  }

  async acknowledge(pushId: string, identifier: string, by: string): Promise<boolean> {
    const { keys } = this.#store
    const partition = keys.partitionOf(identifier)
    const field = `k${JSON.stringify([identifier, by])}`
    const channel = keys.receiptPrefix(partition) + pushId
    return (
      (await this.#store.run('acknowledge', partition, [keys.push(partition, pushId)], [field, channel])) ===
      1
    )
  }

  async receipt(pushId: string): Promise<ReceiptState | null> {
    const { keys } = this.#store
    const rows = await settleAll(
      keys.partitions.map((partition) =>
        this.#store.command(partition, (client) =>
          client.hmget(keys.push(partition, pushId), 'h', 'at', 'n', 's', 'd', 'a'),
        ),
      ),
    )
    const known = rows.filter(([header]) => header != null)
    const [first] = known
    if (!first) return null
    const sum = (field: number) => known.reduce((total, row) => total + Number(row[field] ?? 0), 0)
    return {
      pushId,
      pushedAt: Number(first[1]),
      from: parseHeader(`${first[0]}]`).known.from,
      identifiers: sum(2),
      sent: sum(3),
      delivered: sum(4),
      acknowledged: sum(5),
    }
  }

  async #publish(push: NewPush, chunk: Chunk): Promise<PushRow> {
    const { keys } = this.#store
    const { partition, identifiers } = chunk
    const storing = this.#storing(partition)
    const texts = identifiers.map(json)
    const row = (await this.#store.accept(
      'publish',
      partition,
      [keys.push(partition, push.id), keys.dead(partition), ...this.#inboxKeys(identifiers)],
      (term) => [
        ...[headerOf(push), push.payload, ttlOf(push), ...storing],
        ...[chunk.index, term, chunk.total, ...texts],
      ],
    )) as PushRow
    const [, , , , places] = row
    if (places) this.#testimony.accepted({ partition, identifiers, places, at: Date.now() })
    return row
  }

  #schedule(push: NewPush, chunk: Chunk): Promise<PushRow> {
    const { keys, metaSeconds } = this.#store
    const { partition } = chunk
    return this.#store.accept(
      'schedule',
      partition,
      [keys.push(partition, push.id), keys.due(partition), keys.delayed(partition, push.id)],
      () => [
        ...[
          headerOf(push),
          push.payload,
          ttlOf(push),
          push.delaySeconds * 1_000,
          push.delaySeconds + metaSeconds,
        ],
        ...[chunk.index, chunk.total, push.id, JSON.stringify(chunk.identifiers)],
      ],
    ) as Promise<PushRow>
  }

  /** A repeat of the push makes the same chunks, whatever the order of its identifiers. */
  #chunks(to: readonly string[]): readonly Chunk[] {
    const { partitionOf } = this.#store.keys
    const [only] = to
    if (to.length === 1 && only !== undefined) {
      return [{ partition: partitionOf(only), index: 0, total: 1, identifiers: to }]
    }
    const batches = toBatches([...new Set(to)].sort(), partitionOf, CHUNK)
    const totals = new Map<number, number>()
    for (const { partition, requests } of batches) {
      totals.set(partition, (totals.get(partition) ?? 0) + requests.length)
    }
    const counts = new Map<number, number>()
    return batches.map(({ partition, requests }) => {
      const index = counts.get(partition) ?? 0
      counts.set(partition, index + 1)
      return {
        partition,
        index,
        total: totals.get(partition) ?? 0,
        identifiers: requests,
      }
    })
  }

  #inboxKeys(identifiers: readonly string[]): string[] {
    const { keys } = this.#store
    const names: string[] = []
    for (const identifier of identifiers) {
      names.push(keys.meta(identifier), keys.inbox(identifier), keys.holders(identifier))
    }
    return names
  }

  /** retention seconds, retention messages, meta seconds, candidate epoch, channel prefix */
  #storing(partition: number): ScriptArgument[] {
    const { limits, metaSeconds, keys } = this.#store
    const { retentionSeconds, retentionMessages } = limits
    return [
      retentionSeconds,
      retentionMessages,
      metaSeconds,
      this.#store.candidateEpoch(),
      keys.toPrefix(partition),
    ]
  }
}

function ttlOf({ ttlSeconds }: NewPush): number {
  return ttlSeconds === null ? -1 : ttlSeconds * 1_000
}

function json(text: string): string {
  return JSON.stringify(text)
}

/** What the first one answered: each partition knows how many identifiers it has of the push. */
function acceptedBefore(chunks: readonly Chunk[], rows: readonly PushRow[]): number {
  const byPartition = new Map<number, number>()
  chunks.forEach(({ partition, total }, index) => {
    const known = rows[index]?.[2]
    byPartition.set(partition, known ? Number(known) : total)
  })
  return [...byPartition.values()].reduce((sum, count) => sum + count, 0)
}

/** It is stored, but not on as many replicas as it should be. */
function isStored(error: unknown): boolean {
  return error instanceof CloudpushError && error.details['stored'] === true
}

/** A repeat with this id completes what is missing. */
function withPushId(error: unknown, pushId: string): CloudpushError {
  if (error instanceof CloudpushError && isStored(error)) {
    return brokerUnavailable(error.message, { ...error.details, pushId })
  }
  const cause = error instanceof CloudpushError ? error.cause : error
  return brokerUnavailable(
    'The store cannot be reached, so the push may not be stored: try again with the same id.',
    { pushId },
    cause,
  )
}
