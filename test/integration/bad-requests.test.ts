import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { codesOf, PUSH, type PublicError, push, untilOffline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

/** HTTP requests that are none of GraphQL's: refused with the right status, and a code where there is a body. */

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

describe('HTTP requests', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(gateway.graphqlUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...headers,
      },
      body,
    })
  const codeOf = async (response: Response) => codesOf((await response.json()) as { errors?: PublicError[] })

  test.each([
    ['that breaks off', '{"query":'],
    ['that is empty', ''],
    ['that is no JSON', 'query=1'],
    ['that is null', 'null'],
    ['that is a number', '7'],
    ['that is text', '"{ __typename }"'],
    ['that is a list', '[{"query":"{ __typename }"}]'],
    ['without query', '{}'],
    ['whose query is a number', '{"query":7}'],
    ['whose variables are text', '{"query":"{ __typename }","variables":"x"}'],
    ['whose variables are a list', '{"query":"{ __typename }","variables":[]}'],
    ['whose operationName is a number', '{"query":"{ __typename }","operationName":7}'],
  ])('a body %s is refused with 400 and a code', async (_what, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await codeOf(response)).toEqual(['BAD_USER_INPUT'])
  })

  test.each(['variables', 'extensions'])('a GET whose %s are no JSON is refused with 400', async (name) => {
    const url = `${gateway.graphqlUrl}?query=%7B__typename%7D&${name}=%7B`
    const response = await fetch(url, { headers: { accept: 'application/graphql-response+json' } })
    expect(response.status).toBe(400)
    expect(await codeOf(response)).toEqual(['BAD_USER_INPUT'])
  })

  test('a body of another type is refused with 415', async () => {
    const response = await post('{ __typename }', { 'content-type': 'text/plain' })
    expect(response.status).toBe(415)
  })

  test('a body over 4 MiB is refused with 413, and the process lives', async () => {
    await using client = await RawClient.connect(gateway)
    await client.subscribe('witness', ['witness'])
    const response = await post(
      JSON.stringify({ query: PUSH, variables: { input: { to: ['a'], payload: 'x'.repeat(5_000_000) } } }),
    )
    expect(response.status).toBe(413)
    expect(await codeOf(response)).toEqual(['PAYLOAD_TOO_LARGE'])
    await push(gateway, { to: ['witness'], payload: 'on' })
    expect((await client.nextMessage('witness')).payload).toBe('on')
  })

  test('a body that is not UTF-8 does no harm', async () => {
    const response = await post(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]))
    expect(response.status).toBe(400)
    expect(await codeOf(response)).toEqual(['BAD_USER_INPUT'])
  })

  test.each(['PUT', 'DELETE', 'PATCH'])('%s is refused with 405', async (method) => {
    const response = await fetch(gateway.graphqlUrl, { method })
    expect(response.status).toBe(405)
    await response.body?.cancel()
  })

  test.each(['POST', 'GET'])(
    'a subscription by %s without a stream to answer on is refused with 406, and what to accept',
    async (method) => {
      const query = 'subscription { messages(identifiers: "alice") { id } }'
      const accept = 'application/json'
      const response = await (method === 'POST'
        ? post(JSON.stringify({ query }), { accept })
        : fetch(`${gateway.graphqlUrl}?${new URLSearchParams({ query })}`, { headers: { accept } }))
      expect([response.status, response.headers.get('accept')]).toEqual([406, 'text/event-stream'])
      expect(await codeOf(response)).toEqual(['BAD_USER_INPUT'])
      await untilOffline(gateway, 'alice')
    },
  )
})
