import type { InboxPage, InboxPosition } from '../../broker/broker.ts'
import { formatCursor, parseCursor } from '../../broker/cursor.ts'
import { badUserInput } from '../../errors.ts'
import type { Services } from '../context.ts'
import { checkIdentifiers } from './identifiers.ts'

const MAX_INBOX_MESSAGES = 1_000

/** Where each cursor stands, by identifier. Throws `BAD_USER_INPUT` for one that is malformed, foreign, or named twice. */
export function checkCursors(
  cursors: readonly string[],
  identifiers: readonly string[],
  argument: string,
): Map<string, InboxPosition> {
  const positions = new Map<string, InboxPosition>()
  for (const cursor of cursors) {
    const position = parseCursor(cursor)
    if (!position) throw badUserInput(`${argument}: "${cursor.slice(0, 40)}" is not a cursor.`, { argument })
    if (!identifiers.includes(position.identifier)) {
      throw badUserInput(
        `${argument}: a cursor belongs to "${position.identifier}", which is not asked for.`,
        { argument },
      )
    }
    if (positions.has(position.identifier)) {
      throw badUserInput(`${argument}: give one cursor per identifier; "${position.identifier}" has two.`, {
        argument,
      })
    }
    positions.set(position.identifier, position)
  }
  return positions
}

/** The retained messages of one inbox, newest last. */
export async function readInbox(
  { broker }: Services,
  ask: { identifier: string; last: number; before: string | null },
  sessionId: string,
) {
  const [identifier = ''] = checkIdentifiers([ask.identifier], 'identifier')
  if (ask.last < 1 || ask.last > MAX_INBOX_MESSAGES) {
    throw badUserInput(`last must be from 1 to ${MAX_INBOX_MESSAGES}.`, { argument: 'last' })
  }
  const before =
    checkCursors(ask.before === null ? [] : [ask.before], [identifier], 'before').get(identifier) ?? null
  return toMessages(identifier, await broker.readBefore(identifier, before, ask.last), sessionId)
}

function toMessages(identifier: string, page: InboxPage, sessionId: string) {
  return page.messages.map(({ push, offset }) => ({
    id: push.id,
    identifier,
    payload: JSON.parse(push.payload) as unknown,
    cursor: formatCursor({ identifier, epoch: page.epoch, offset }),
    from: push.from,
    trigger: push.trigger,
    sessionId,
    pushedAt: new Date(push.pushedAt),
    expiresAt: push.expiresAt === null ? null : new Date(push.expiresAt),
    redelivered: false,
    missed: 0,
  }))
}
