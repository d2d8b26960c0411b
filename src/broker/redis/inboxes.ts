import type { ContinuedPage, InboxPage, InboxPosition, StoredMessage } from '../broker.ts'
import { parseHeader } from './header.ts'
import { type RedisStore, toContinuation } from './store.ts'

type PageRow = readonly [
  epoch: string,
  tip: number,
  through: number,
  lost: number,
  now: string,
  kept: number,
  lossy: number,
  ...fields: unknown[],
]
const FIELDS_START = 7
const FIELDS_PER_MESSAGE = 4

/** The retained messages. */
export class RedisInboxes {
  readonly #store: RedisStore

  constructor(store: RedisStore) {
    this.#store = store
  }

  async read(identifier: string, after: InboxPosition, limit: number): Promise<ContinuedPage> {
    const { keys, metaSeconds } = this.#store
    const { epoch, offset } = after
    const candidate = this.#store.candidateEpoch()
    const row = (await this.#store.runInTerm(
      'read',
      keys.partitionOf(identifier),
      [keys.meta(identifier), keys.inbox(identifier)],
      (term) => [epoch, offset, limit, ...this.#retention(), metaSeconds, candidate, term],
    )) as PageRow
    return { ...this.#toPage(identifier, row), ...toContinuation(row[5], row[6]) }
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
      const { known, added } = parseHeader(row[at + 1] as string)
      const [expiresAt = null] = added
      if (expiresAt !== null && expiresAt <= Number(now)) continue
      const payload = row[at + 2] as string
      const pushedAt = Number(row[at + 3])
      const push = { ...known, payload, pushedAt, expiresAt, partition }
      messages.push({ push, offset: row[at] as number })
    }
    return { epoch, tip, messages, through, lost }
  }
}
