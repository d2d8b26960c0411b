import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCursor, parseCursor } from '../../src/broker/cursor.ts'

test('every position goes through a cursor and back', () => {
  const position = fc.record({
    identifier: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
    epoch: fc.stringMatching(/^[A-Za-z0-9]{1,32}$/),
    offset: fc.nat({ max: 999_999_999_999_999 }),
  })
  fc.assert(
    fc.property(position, (entry) => {
      expect(parseCursor(formatCursor(entry))).toEqual(entry)
    }),
  )
})

test('what is no cursor of ours is null, whatever it is', () => {
  for (const text of [
    '',
    '.',
    'YQ..1',
    'YQ.e.',
    'YQ.e.-1',
    'YQ.e.01',
    'YQ.e.1.2',
    'YQ.e.1e3',
    'Y Q.e.1',
    '.e.1',
  ]) {
    expect([text, parseCursor(text)]).toEqual([text, null])
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseCursor(text)
      expect(parsed === null || Number.isSafeInteger(parsed.offset)).toBe(true)
    }),
  )
})
