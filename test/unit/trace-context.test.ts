import { expect, test } from 'vitest'
import { parseTraceparent, toTraceparent } from '../../src/observability/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('a traceparent is read, and written again as it was', () => {
  const text = `00-${TRACE}-${SPAN}-01`
  const context = parseTraceparent(text)
  expect(context).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true })
  expect(context && toTraceparent(context)).toBe(text)
})

test.each([
  ['one that is not recorded', `00-${TRACE}-${SPAN}-00`, 0],
  ['of flags, the one that is known', `00-${TRACE}-${SPAN}-03`, 1],
  ['a later version, which may have more', `01-${TRACE}-${SPAN}-01-more`, 1],
])('%s is read', (_what, text, traceFlags) =>
  expect(parseTraceparent(text)).toMatchObject({ traceId: TRACE, traceFlags }),
)

test.each([
  ['nothing', null],
  ['the empty text', ''],
  ['a version that must not be', `ff-${TRACE}-${SPAN}-01`],
  ['more than the version has', `00-${TRACE}-${SPAN}-01-more`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a line too many', `00-${TRACE}-${SPAN}-01\n`],
  ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
])('%s is no traceparent', (_what, text) => expect(parseTraceparent(text)).toBeNull())
