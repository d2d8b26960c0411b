import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { TRANSPORTS } from '../support/transports.ts'

/** What one document may ask for: refused with the limit and its flag, over every transport, and the others go on. */

const LIMITS = { maxQueryDepth: 4, maxQueryAliases: 10, maxQueryTokens: 400, maxQueryCost: 100 }

let gateway: TestGateway
let socket: RawClient
beforeAll(async () => {
  gateway = await startTestGateway(LIMITS)
  socket = await RawClient.connect(gateway)
  await socket.subscribe('witness', ['witness'])
})
afterAll(async () => {
  await socket[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const aliases = (count: number) =>
  Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ')
/** Each fragment spreads the next one twice: 2^20 fields in 20 lines. */
const bomb = (levels: number) =>
  `{ ...f0 } ${Array.from({ length: levels }, (_, index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`).join(' ')} fragment f${levels} on Query { __typename }`
const inbox = (last: string) =>
  `${last === '$n' ? 'query ($n: Int) ' : ''}{ inbox(identifier: "a", last: ${last}) { id payload } }`

const REFUSED = [
  {
    what: 'too deep',
    query: '{ statistics { replicas { a { b { c } } } } }',
    limit: 'max-query-depth',
    most: 4,
  },
  {
    what: 'too deep through a fragment',
    query: '{ ...A } fragment A on Query { statistics { x { ...B } } } fragment B on X { y { z { w } } }',
    limit: 'max-query-depth',
    most: 4,
  },
  { what: 'too many aliases', query: `{ ${aliases(11)} }`, limit: 'max-query-aliases', most: 10 },
  {
    what: 'too many aliases through fragments',
    query: `{ ...A ...A } fragment A on Query { ${aliases(6)} }`,
    limit: 'max-query-aliases',
    most: 10,
  },
  {
    what: 'too many tokens',
    query: `{ ${'__typename '.repeat(500)} }`,
    limit: 'max-query-tokens',
    most: 400,
  },
  { what: 'a fragment bomb', query: bomb(20), limit: 'max-query-cost', most: 100 },
  { what: 'a long list', query: inbox('60'), limit: 'max-query-cost', most: 100 },
  {
    what: 'a long list by a variable',
    query: inbox('$n'),
    variables: { n: 60 },
    limit: 'max-query-cost',
    most: 100,
  },
  {
    what: 'a long list many times',
    query: `{ ...A ...A } fragment A on Query ${inbox('30')}`,
    limit: 'max-query-cost',
    most: 100,
  },
]

describe.each(Object.entries(TRANSPORTS))('over %s', (_transport, send) => {
  test.each(REFUSED)('$what is refused', async ({ query, variables, limit, most }) => {
    const { errors = [] } = await send(gateway, { query, ...(variables && { variables }) }, socket)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', limit, most })
    await push(gateway, { to: ['witness'], payload: 'on' })
    expect(await socket.nextMessage('witness')).toMatchObject({ payload: 'on', missed: 0 })
  })

  test('what is within the limits is answered', async () => {
    const within = [
      { query: inbox('40') },
      { query: inbox('$n'), variables: { n: 40 } },
      { query: inbox('$n') },
      { query: `{ ${aliases(10)} }` },
      { query: bomb(5) },
    ]
    for (const operation of within) {
      expect(await send(gateway, operation, socket)).not.toHaveProperty('errors')
    }
  })
})

test('a document that makes validation slow is refused before it is validated', async () => {
  await using generous = await startTestGateway({ maxQueryTokens: 1_000_000 })
  const query = `{ ${'__typename '.repeat(100_000)} }`
  const { errors = [] } = await graphqlRequest(generous, query)
  expect(errors.map(({ message }) => message)).toEqual([
    'A document has at most 1000 fields and directives. Ask in several requests.',
  ])
})

describe('introspection', () => {
  const INTROSPECTION = '{ __schema { queryType { name } } }'

  test('is answered, deep as tools ask for it', async () => {
    const { getIntrospectionQuery } = await import('graphql')
    await using usual = await startTestGateway()
    const answer = await graphqlRequest(
      usual,
      getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true }),
    )
    expect(answer.errors).toBeUndefined()
  })

  test.each(Object.entries(TRANSPORTS))(
    'is refused over %s with --disable-introspection',
    async (_name, send) => {
      await using closed = await startTestGateway({ disableIntrospection: true })
      await using client = await RawClient.connect(closed)
      const { errors = [] } = await send(closed, { query: INTROSPECTION }, client)
      expect(errors.length).toBeGreaterThan(0)
      expect(errors[0]?.extensions?.code).toBe('BAD_USER_INPUT')
      expect(await send(closed, { query: '{ __typename }' }, client)).not.toHaveProperty('errors')
    },
  )
})
