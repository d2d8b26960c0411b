import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import {
  codesOf,
  type GraphQLAnswer,
  graphqlRequest,
  PUSH,
  type PublicError,
} from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { SseClient } from '../support/sse-client.ts'
import { SECRET, secretToken } from '../support/tokens.ts'
import { TRANSPORTS } from '../support/transports.ts'

/** With `--trusted-documents` only the documents of a manifest are run, by id or word for word. */

const PRESENCE = 'query ($identifiers: [ID!]!) { presence(identifiers: $identifiers) { identifier } }'
const LISTEN = 'subscription ($identifiers: [ID!]!) { messages(identifiers: $identifiers) { payload } }'
const idOf = (document: string) => createHash('sha256').update(document).digest('hex')
const variables = { identifiers: ['alice'] }

/** Reads a manifest as the command line does. */
function configured(content: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'cloudpush-')), 'manifest.json')
  writeFileSync(file, content)
  return parseConfig({ flags: { trustedDocuments: file }, env: {} })
}

function manifestOf(...documents: string[]) {
  const parsed = configured(JSON.stringify(Object.fromEntries(documents.map((text) => [idOf(text), text]))))
  if (!('config' in parsed)) throw new Error(parsed.problems.join())
  return parsed.config.trustedDocuments
}

let gateway: TestGateway
let socket: RawClient
beforeAll(async () => {
  gateway = await startTestGateway({ trustedDocuments: manifestOf(PRESENCE, LISTEN, PUSH) })
  socket = await RawClient.connect(gateway)
})
afterAll(async () => {
  await socket[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

/** The ways to name a document by its id. */
const FORMS = {
  'extensions.documentId': (id: string) => ({ extensions: { documentId: id } }),
  'extensions.documentId with its kind': (id: string) => ({ extensions: { documentId: `sha256:${id}` } }),
  'extensions.persistedQuery': (id: string) => ({
    extensions: { persistedQuery: { version: 1, sha256Hash: id } },
  }),
}

const BY_ID = {
  async HTTP(body: object): Promise<GraphQLAnswer> {
    const response = await fetch(gateway.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    })
    return (await response.json()) as GraphQLAnswer
  },
  async WebSocket(body: object): Promise<GraphQLAnswer> {
    const id = randomUUID()
    socket.send({ id, type: 'subscribe', payload: { query: '', ...body } })
    const { type, payload } = await socket.expectAnyOf(id, ['next', 'error'])
    return type === 'error' ? { errors: payload as PublicError[] } : (payload as GraphQLAnswer)
  },
  async SSE(body: object): Promise<GraphQLAnswer> {
    await using client = await SseClient.request(gateway.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(body),
    })
    return await client.next()
  },
}

describe.each(Object.entries(BY_ID))('over %s', (transport, send) => {
  test.each(Object.entries(FORMS))('a trusted document is run by %s', async (_form, named) => {
    const answer = await send({ ...named(idOf(PRESENCE)), variables })
    expect(answer.data).toEqual({ presence: [{ identifier: 'alice' }] })
  })

  test.each(Object.entries(FORMS))('an id that nobody knows is refused by %s', async (_form, named) => {
    expect(codesOf(await send({ ...named(idOf('{ __typename }')), variables }))).toEqual(['FORBIDDEN'])
  })

  test('word for word it is run, otherwise not', async () => {
    const ask = TRANSPORTS[transport as keyof typeof TRANSPORTS]
    expect(await ask(gateway, { query: PRESENCE, variables }, socket)).toMatchObject({
      data: { presence: [{ identifier: 'alice' }] },
    })
    for (const query of ['{ __typename }', `${PRESENCE} `, '']) {
      expect(codesOf(await ask(gateway, { query, variables }, socket))).toEqual(['FORBIDDEN'])
    }
  })
})

test('over HTTP the id may stand beside the variables, in a GET too', async () => {
  const data = { presence: [{ identifier: 'alice' }] }
  expect((await BY_ID.HTTP({ documentId: `sha256:${idOf(PRESENCE)}`, variables })).data).toEqual(data)
  const url = new URL(gateway.graphqlUrl)
  url.searchParams.set('extensions', JSON.stringify({ documentId: idOf(PRESENCE) }))
  url.searchParams.set('variables', JSON.stringify(variables))
  const response = await fetch(url, { headers: { accept: 'application/json' } })
  expect(((await response.json()) as GraphQLAnswer).data).toEqual(data)
})

test('a subscription by its id is a subscription like any other', async () => {
  socket.send({
    id: 'by-id',
    type: 'subscribe',
    payload: {
      query: '',
      variables: { identifiers: ['bob'] },
      ...FORMS['extensions.documentId'](idOf(LISTEN)),
    },
  })
  await socket.live('by-id')
  await graphqlRequest(gateway, PUSH, { input: { to: ['bob'], payload: 'hi' } })
  expect(await socket.nextMessage('by-id')).toEqual({ payload: 'hi' })
})

test('admins may run any document, others may not', async () => {
  await using guarded = await startTestGateway({ trustedDocuments: manifestOf(PRESENCE), jwtSecret: SECRET })
  const as = async (cloudpush: object) => ({ authorization: `Bearer ${await secretToken({ cloudpush })}` })
  const query = '{ replicas { id } }'
  expect(codesOf(await graphqlRequest(guarded, query, {}, await as({ subscribe: ['**'] })))).toEqual([
    'FORBIDDEN',
  ])
  expect((await graphqlRequest(guarded, query, {}, await as({ admin: true }))).errors).toBeUndefined()
})

test('a manifest is what the usual tools write; all else is told at the start', () => {
  const apollo = {
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [{ id: 'x', name: 'P', type: 'query', body: PRESENCE }],
  }
  expect(configured(JSON.stringify(apollo))).toMatchObject({
    config: { trustedDocuments: new Map([['x', PRESENCE]]) },
  })
  for (const content of ['{', '[]', '{}', '{"a":1}', '7', '{"format":"apollo-persisted-query-manifest"}']) {
    const parsed = configured(content)
    expect('problems' in parsed && parsed.problems[0], content).toMatch(
      /^--trusted-documents (must name a manifest|names a file that is no JSON)/,
    )
  }
})
