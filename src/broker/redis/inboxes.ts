import type { InboxPage, InboxPosition, StoredMessage, Trigger } from '../broker.ts'
import type { RedisStore } from './store.ts'

type PageRow = readonly [
  epoch: string,
  tip: number,
  through: number,
  lost: number,
  now: string,
  ...fields: unknown[],
]
/** What the `h` field holds. */
type StoredHeader = readonly [id: string, from: string | null, trigger: Trigger, expiresAt: number | null]

const FIELDS_START = 5
const FIELDS_PER_MESSAGE = 4

/** The retained messages. */
export class RedisInboxes {
  readonly #store: RedisStore

  constructor(store: RedisStore) {
    this.#store = store
  }

  async read(identifier: string, after: InboxPosition, limit: number): Promise<InboxPage> {
    const { keys, metaSeconds } = this.#store
    const row = await this.#store.run(
      'read',
      keys.partitionOf(identifier),
      [keys.meta(identifier), keys.inbox(identifier)],
      [after.epoch, after.offset, limit, ...this.#retention(), metaSeconds, this.#store.candidateEpoch()],
    )
    return this.#toPage(identifier, row as PageRow)
  }

  async readBefore(identifier: string, before: InboxPosition | null, limit: number): Promise<InboxPage> {
    const { keys } = this.#store
    const row = await this.#store.run(
      'read-before',
      keys.partitionOf(identifier),
      [keys.meta(identifier), keys.inbox(identifier)],
      [before?.epoch ?? '', before?.offset ?? 0, limit, ...this.#retention()],
    )
    const page = this.#toPage(identifier, row as PageRow)
    return { ...page, messages: page.messages.toReversed() }
  }

  #retention(): [messages: number, ms: number] {
    const { retentionMessages, retentionSeconds } = this.#store.limits
    return [retentionMessages, retentionSeconds * 1_000]
  }

  #toPage(identifier: string, row: PageRow): InboxPage {
    const [epoch, tip, through, lost, now] = row
    const partition = this.#store.keys.partitionOf(identifier)
    const messages: StoredMessage[] = []
    for (let at = FIELDS_START; at < row.length; at += FIELDS_PER_MESSAGE) {
      const [id, from, trigger, expiresAt] = JSON.parse(row[at + 1] as string) as StoredHeader
      if (expiresAt !== null && expiresAt <= Number(now)) continue
      const payload = row[at + 2] as string
      const pushedAt = Number(row[at + 3])
      const push = {
        id,
        from,
        trigger,
        payload,
        pushedAt,
        expiresAt,
        partition,
      }
      messages.push({ push, offset: row[at] as number })
    }
    return { epoch, tip, messages, through, lost }
  }
}
