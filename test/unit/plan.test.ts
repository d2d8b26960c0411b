import fc from 'fast-check'
import { execute, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Trigger } from '../../src/broker/broker.ts'
import { fromBytes, toBytes } from '../../src/delivery/frame.ts'
import { Plan, type PlanOperation, Plans, type Stamps } from '../../src/delivery/plan.ts'
import { createSchema } from '../../src/graphql/schema.ts'

const schema = createSchema()
const FIELDS = [
  'id',
  'identifier',
  'payload',
  'cursor',
  'from',
  'trigger',
  'sessionId',
  'pushedAt',
  'expiresAt',
  'redelivered',
  'missed',
  '__typename',
] as const

interface Selection {
  readonly text: string
  readonly fragments: string
}

const directive = fc.constantFrom(
  '',
  '@include(if: $yes)',
  '@skip(if: $yes)',
  '@include(if: $no)',
  '@skip(if: true)',
)
const field = fc
  .record({
    name: fc.constantFrom(...FIELDS),
    alias: fc.constantFrom('', 'a', 'b', 'payload', '_1'),
    directive,
  })
  // An alias stands for one field only, or the selection does not merge.
  .map(({ name, alias, directive }) => `${alias === '' ? '' : `${alias}_${name}: `}${name} ${directive}`)
const fields = fc.array(field, { minLength: 1, maxLength: 8 }).map((all) => all.join('\n'))

const selection: fc.Arbitrary<Selection> = fc
  .record({ own: fields, inline: fc.option(fields), spread: fc.option(fields), comment: fc.boolean() })
  .map(({ own, inline, spread, comment }) => ({
    text: [
      '__typename',
      own,
      comment ? '# said aside' : '',
      inline === null ? '' : `... on Message { ${inline} }`,
      spread === null ? '' : '...Spread',
    ].join('\n'),
    fragments: spread === null ? '' : `fragment Spread on Message { ${spread} }`,
  }))

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\u2028', '\u0000', '{"id":1}', ':payload"', '⟦', '🦊'),
)
const message = fc.record({
  id: text,
  identifier: text,
  // `payload: JSON!`: null is refused on the way in.
  payload: fc
    .oneof(fc.jsonValue(), text)
    .filter((value) => value !== null)
    .map((value) => JSON.stringify(value)),
  from: fc.option(text),
  trigger: fc.constantFrom('HTTP' as const, 'WEBSOCKET' as const),
  pushedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  expiresAt: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 })),
  sessionId: text,
  redelivered: fc.boolean(),
  missed: fc.option(fc.nat()),
})

function operationOf({ text, fragments }: Selection, variableValues: Record<string, unknown>): PlanOperation {
  const document = parse(
    `subscription S($yes: Boolean = true, $no: Boolean!) { out: messages(identifiers: ["x"]) { ${text} } } ${fragments}`,
  )
  return { schema, document, operationName: null, variableValues }
}

interface Sent {
  readonly id: string
  readonly identifier: string
  readonly payload: string
  readonly from: string | null
  readonly trigger: Trigger
  readonly pushedAt: number
  readonly expiresAt: number | null
}

function stampsOf(sent: Sent, cursor: string): Stamps {
  const json = (value: unknown) => toBytes(JSON.stringify(value))
  return {
    id: json(sent.id),
    identifier: json(sent.identifier),
    payload: toBytes(sent.payload),
    cursor: json(cursor),
    from: json(sent.from),
    trigger: sent.trigger,
    pushedAt: json(new Date(sent.pushedAt)),
    expiresAt: json(sent.expiresAt === null ? null : new Date(sent.expiresAt)),
  }
}

describe('a plan', () => {
  it('renders any selection of any message as graphql-js does', () => {
    fc.assert(
      fc.property(selection, message, fc.boolean(), (chosen, sent, no) => {
        const operation = operationOf(chosen, { no })
        const cursor = 'YWxpY2U.e1.7'
        const plan = new Plan(operation, 'messages')
        const session = toBytes(JSON.stringify(sent.sessionId))
        // What an earlier message left in the plan must not show in the next one.
        plan.render(stampsOf({ ...sent, id: 'earlier' }, cursor), session, sent.redelivered, sent.missed)
        const rendered = plan.render(stampsOf(sent, cursor), session, sent.redelivered, sent.missed)
        const expected = execute({
          ...operation,
          rootValue: {
            messages: {
              ...sent,
              cursor,
              payload: JSON.parse(sent.payload),
              pushedAt: new Date(sent.pushedAt),
              expiresAt: sent.expiresAt === null ? null : new Date(sent.expiresAt),
            },
          },
        })
        expect(JSON.parse(fromBytes(rendered))).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('stamps each recipient with its own session', () => {
    const operation = {
      schema,
      document: parse('subscription { messages(identifiers: ["x"]) { id sessionId } }'),
    }
    const plan = new Plan({ ...operation, operationName: null, variableValues: {} }, 'messages')
    const stamps = stampsOf(
      { id: 'p', identifier: 'x', payload: '1', from: null, trigger: 'HTTP', pushedAt: 0, expiresAt: null },
      'c',
    )
    for (const session of ['one', 'two']) {
      const body = plan.render(stamps, JSON.stringify(session), false, 0)
      expect(JSON.parse(body)).toEqual({ data: { messages: { id: 'p', sessionId: session } } })
    }
  })
})

describe('plans are shared', () => {
  const acquire = (
    plans: Plans,
    source: string,
    variableValues: Record<string, unknown> = {},
    operationName?: string,
  ) => {
    const document = parse(source)
    expect(validate(schema, document)).toEqual([])
    return plans.acquire(
      { schema, document, operationName: operationName ?? null, variableValues },
      'messages',
    )
  }

  it('whatever the white space, comments, names, order of fragments, and identifiers', () => {
    const plans = new Plans()
    const one = acquire(
      plans,
      'subscription A($i: [ID!]!) { messages(identifiers: $i) { ...F ...G } } fragment F on Message { id } fragment G on Message { payload }',
      { i: ['alice'] },
    )
    const other = acquire(
      plans,
      `# the same
       subscription B($who: [ID!]!, $after: [String!]) { messages(identifiers: $who, after: $after) {
         ...F, ...G } }
       fragment G on Message { payload }
       fragment F on Message { id }`,
      { who: ['bob'], after: [] },
    )
    expect(other).toBe(one)
    expect(plans.size).toBe(1)
    plans.release(one)
    plans.release(other)
    expect(plans.size).toBe(0)
  })

  it('never where the selection, an alias or a variable that shapes it differs', () => {
    const plans = new Plans()
    const source = (selection: string) =>
      `subscription S($on: Boolean!) { messages(identifiers: ["x"]) { ${selection} } }`
    acquire(plans, source('id payload @include(if: $on)'), { on: true })
    acquire(plans, source('id payload @include(if: $on)'), { on: false })
    acquire(plans, source('id payload @skip(if: $on)'), { on: false })
    acquire(plans, source('id other: payload @skip(if: $on)'), { on: false })
    acquire(plans, source('payload id @skip(if: $on)'), { on: false })
    expect(plans.size).toBe(5)
  })

  it('by the operation that was chosen, not by its neighbours in the document', () => {
    const plans = new Plans()
    const both = `subscription A { messages(identifiers: ["x"]) { id } } subscription B { messages(identifiers: ["x"]) { payload } }`
    const a = acquire(plans, both, {}, 'A')
    const b = acquire(plans, both, {}, 'B')
    const alone = acquire(plans, 'subscription { messages(identifiers: ["y"]) { id } }')
    expect(a).not.toBe(b)
    expect(alone).toBe(a)
  })
})
