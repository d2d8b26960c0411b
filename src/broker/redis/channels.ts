import type { Arrival, MessageEntry } from '../broker.ts'
import { parseHeader } from './header.ts'

/** What the scripts add to the header. */
type Added = readonly [expiresAt: number | null, pushedAt: number, stored: 0 | 1]
type ArrivalEntry = readonly [identifier: string, epoch: string, offset: number]

const LINE_FEED = 10
const OPENING_BRACKET = 91

/**
 * Reads what comes through a replica's channel: a header line, a line of entries, and the payload as it was pushed.
 * Null: the notice that this replica was forgotten.
 */
export function parseArrival(message: Buffer, partition: number): Arrival | null {
  if (message[0] !== OPENING_BRACKET) return null
  const headerEnd = message.indexOf(LINE_FEED)
  const entriesEnd = message.indexOf(LINE_FEED, headerEnd + 1)
  const { known, added } = parseHeader(message.toString('utf8', 0, headerEnd))
  const [expiresAt, pushedAt, stored] = added as Added
  const entries = (JSON.parse(message.toString('utf8', headerEnd + 1, entriesEnd)) as ArrivalEntry[]).map(
    toEntry,
  )
  const payload = message.toString('utf8', entriesEnd + 1)
  return {
    push: { ...known, payload, pushedAt, expiresAt, partition },
    stored: stored === 1,
    entries,
  }
}

function toEntry([identifier, epoch, offset]: ArrivalEntry): MessageEntry {
  return { identifier, epoch, offset }
}
