import fc from 'fast-check'
import { mutatedText, operation } from './fuzz-operations.ts'
import type { GatewayAddress } from './gateway.ts'
import type { GraphQLAnswer } from './graphql-request.ts'

/** What one client sends over HTTP. */
export interface FuzzedRequest {
  readonly method: string
  /** In the query string of `/graphql`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly contentType: string
  readonly accept: string
  readonly body: string
}

const json = operation.map((it) => JSON.stringify(it))
const text = fc.oneof(json, mutatedText(json), fc.json(), fc.string({ unit: 'binary' }))

export const request: fc.Arbitrary<FuzzedRequest> = fc.record({
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constant('POST') },
    { weight: 3, arbitrary: fc.constant('GET') },
    { weight: 1, arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'DELETE') },
  ),
  parameters: fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: operation.map(asParameters) },
    {
      weight: 1,
      arbitrary: fc.record(
        { query: text, variables: text, extensions: text, operationName: text },
        { requiredKeys: [] },
      ),
    },
  ),
  contentType: fc.oneof(
    { weight: 4, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...['application/json; charset=utf-16', 'application/graphql', 'multipart/form-data; boundary=x'],
        ...['application/x-www-form-urlencoded', 'text/plain', 'x'],
      ),
    },
  ),
  accept: fc.constantFrom(
    ...['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*', 'x'],
  ),
  body: text,
})

function asParameters(of: object): Record<string, string> {
  const entries = Object.entries(of).filter(([, value]) => value !== null)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

/**
 * Sends it; throws where the answer is none that a client can use: a status of 500 and above, an error that is ours, one without a
 * code, or something that is neither data nor errors.
 */
export async function ask({ graphqlUrl }: GatewayAddress, it: FuzzedRequest): Promise<void> {
  const target = new URL(graphqlUrl)
  for (const [name, value] of Object.entries(it.parameters)) target.searchParams.set(name, value)
  const left = new AbortController()
  const response = await fetch(target, {
    method: it.method,
    headers: { 'content-type': it.contentType, accept: it.accept },
    signal: left.signal,
    ...(['GET', 'HEAD'].includes(it.method) ? {} : { body: it.body }),
  })
  const type = response.headers.get('content-type') ?? ''
  if (type.includes('event-stream')) {
    // A subscription has no end of its own.
    left.abort()
  }
  const body = left.signal.aborted ? '' : await response.text()
  const problem = response.status >= 500 ? `status ${response.status}` : problemOf(type, body)
  if (problem) throw new Error(`${problem}: ${response.status} ${type} ${body}`)
}

function problemOf(type: string, body: string): string | null {
  if (!type.includes('json') || body === '') return null
  const { data, errors } = JSON.parse(body) as GraphQLAnswer
  if (data === undefined && errors === undefined) return 'neither data nor errors'
  const codes = (errors ?? []).map(({ extensions }) => extensions?.code)
  if (codes.includes(undefined)) return 'an error without a code'
  return codes.includes('INTERNAL') ? 'an internal error' : null
}
