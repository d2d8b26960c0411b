import type { MessageEntry } from './broker.ts'

/**
 * Cursors: opaque to users, a position in one inbox to us: `<identifier in base64url>.<epoch>.<offset>`.
 * An epoch is made of letters and digits.
 */
const SHAPE = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9]{1,32})\.(0|[1-9]\d{0,14})$/

/** What all cursors of one identifier begin with: `cursorPrefix(identifier) + epoch + '.' + offset`. */
export function cursorPrefix(identifier: string): string {
  return `${Buffer.from(identifier, 'utf8').toString('base64url')}.`
}

export function formatCursor(entry: MessageEntry): string {
  return `${cursorPrefix(entry.identifier)}${entry.epoch}.${entry.offset}`
}

/** Null when it is not a cursor of ours. */
export function parseCursor(cursor: string): MessageEntry | null {
  const match = SHAPE.exec(cursor)
  if (!match) return null
  const [, encoded = '', epoch = '', offset = ''] = match
  const identifier = Buffer.from(encoded, 'base64url').toString('utf8')
  return { identifier, epoch, offset: Number(offset) }
}
