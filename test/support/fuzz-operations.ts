import fc from 'fast-check'

/** GraphQL operations as applications send them, with their text and variables changed or not. */

const REAL: readonly { readonly query: string; readonly variables: object }[] = [
  {
    query: 'subscription L($to: [ID!]!) { messages(identifiers: $to) { id payload cursor } }',
    variables: { to: ['fuzz:a', 'fuzz:b'] },
  },
  {
    query: 'mutation P($input: PushInput!) { push(input: $input) { id accepted offline } }',
    variables: { input: { to: ['fuzz:a'], payload: { text: 'ü😀' }, ttlSeconds: 60 } },
  },
  {
    query: 'query ($of: [ID!]!) { presence(identifiers: $of) { identifier online } }',
    variables: { of: ['fuzz:a'] },
  },
  {
    query: 'query ($of: ID!, $last: Int!) { inbox(identifier: $of, last: $last) { payload cursor } }',
    variables: { of: 'fuzz:a', last: 3 },
  },
  { query: 'subscription { receipt(pushId: "x") { sent } }', variables: {} },
  {
    query:
      '{ ...F } fragment F on Query { __typename replicas { ...G } } fragment G on Replica { id weight }',
    variables: {},
  },
]
const PIECES = [
  ...['{', '}', '[', '"', '"""', '\\', '\u0000', '#', '$', '...', '@skip(if: true)', '😀', '\ud800'],
  ...['null', '-1e999', 'fragment F on Query', '\n', ' '],
]

/** Some characters put in, taken out or said twice. */
export function mutatedText(of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat(8),
    put: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
    again: fc.boolean(),
  })
  return fc.tuple(of, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((before, { at, cut, put, again }) => {
      const from = at % (before.length + 1)
      return before.slice(0, from) + put + before.slice(again ? Math.max(0, from - cut) : from + cut)
    }, text),
  )
}

/** Some value in it is another one. */
function mutatedValue(value: unknown, path: readonly number[], other: unknown): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const [next, ...rest] = path
  if (next === undefined || keys.length === 0) return other
  const key = keys[next % keys.length] as string
  const inner = mutatedValue((value as Record<string, unknown>)[key], rest, other)
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...(value as object), [key]: inner }
}

/** What `subscribe` and the body of a request carry. */
export const operation: fc.Arbitrary<object> = fc.constantFrom(...REAL).chain(({ query, variables }) => {
  const path = fc.array(fc.nat(5), { maxLength: 3 })
  return fc.record(
    {
      query: fc.oneof(
        { weight: 3, arbitrary: fc.constant(query) },
        { weight: 2, arbitrary: mutatedText(fc.constant(query)) },
      ),
      variables: fc.oneof(
        { weight: 2, arbitrary: fc.constant<unknown>(variables) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(path, fc.jsonValue())
            .map(([keys, value]) => mutatedValue(variables, keys, value)),
        },
      ),
      operationName: fc.constantFrom('L', 'P', 'x', '', null),
    },
    { requiredKeys: ['query', 'variables'] },
  )
})
