import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RULES } from '../../src/graphql/rules.ts'
import { createSchema } from '../../src/graphql/schema.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { codesOf, type GraphQLAnswer, graphqlRequest } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { SseClient } from '../support/sse-client.ts'
import {
  createKeyPair,
  type KeyPair,
  type KeyServer,
  SECRET,
  secretToken,
  startKeyServer,
  unsignedToken,
} from '../support/tokens.ts'

/**
 * Invariant 11: no one gets in where they don't belong. Every root field, asked by everybody over every transport, of a
 * gateway in a process of its own; then exactly who is expected has had it.
 */

const ISSUER = 'https://issuer.test'
const AUDIENCE = 'cloudpush-test'
const BACKEND_KEY = 'the-key-of-a-back-end-that-pushes'
const WITHDRAWN_KEY = 'the-key-of-a-back-end-that-is-gone'

const WHO = [
  'subscriber',
  'pusher',
  'admin',
  'back end',
  'stranger',
  'anonymous',
  'expired',
  'wrong issuer',
  'wrong audience',
  'alg none',
  'key confusion',
  'unknown secret',
  'revoked API key',
  'revoked signing key',
] as const
type Who = (typeof WHO)[number]
/** Those whose credentials count. */
const KNOWN: readonly Who[] = ['subscriber', 'pusher', 'admin', 'back end', 'stranger']

type Credentials = { readonly token: string } | { readonly key: string } | null

let gateway: GatewayProcess
let keyServer: KeyServer
let folder: string
let credentials: Record<Who, Credentials>
let stopPushing: () => void

const grants = (subject: string, cloudpush: object) => ({
  ...{ sub: subject, cloudpush },
  ...{ iss: ISSUER, aud: AUDIENCE, expiresIn: 600 },
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloudpush-access-'))
  const keyFile = join(folder, 'api-keys')
  await writeFile(keyFile, `${BACKEND_KEY}\n${WITHDRAWN_KEY}\n`)
  const signing = await createKeyPair('signing')
  const removed = await createKeyPair('removed')
  keyServer = await startKeyServer([signing, removed])
  gateway = await startGatewayProcess({
    args: ['--jwks-url', keyServer.url, '--jwks-max-age-seconds', '1', '--jwt-clock-tolerance-seconds', '0'],
    env: {
      CLOUDPUSH_JWT_SECRET: SECRET,
      CLOUDPUSH_JWT_ISSUER: ISSUER,
      CLOUDPUSH_JWT_AUDIENCE: AUDIENCE,
      CLOUDPUSH_API_KEY: `@${keyFile}`,
    },
  })
  credentials = await allCredentials(signing, removed)
  // What is withdrawn was good before: otherwise nothing would be shown.
  for (const who of ['revoked API key', 'revoked signing key'] as const) {
    expect(
      codesOf(await graphqlRequest(gateway, '{ settings { drainSeconds } }', {}, headersOf(who))),
    ).toEqual([])
  }
  keyServer.keys = [signing]
  await writeFile(keyFile, `${BACKEND_KEY}\n`)
  for (const who of ['revoked API key', 'revoked signing key'] as const) {
    const status = async () =>
      (await graphqlRequest(gateway, '{ settings { drainSeconds } }', {}, headersOf(who))).status
    await vi.waitUntil(async () => (await status()) === 401, { timeout: 20_000, interval: 50 })
  }
  const timer = setInterval(() => void pushAs('pusher', { ttlSeconds: 0 }).catch(() => {}), 100)
  stopPushing = () => clearInterval(timer)
})

afterAll(async () => {
  stopPushing?.()
  await gateway?.[Symbol.asyncDispose]()
  await keyServer?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true })
})

async function allCredentials(signing: KeyPair, removed: KeyPair): Promise<Record<Who, Credentials>> {
  const everything = { subscribe: ['**'], push: ['**'], admin: true }
  const all = grants('mallory', everything)
  return {
    subscriber: { token: await signing.token(grants('sub', { subscribe: ['alice'] })) },
    pusher: { token: await secretToken(grants('pub', { push: ['alice'] })) },
    admin: { token: await signing.token(grants('adm', { admin: true })) },
    'back end': { key: BACKEND_KEY },
    stranger: { token: await secretToken(grants('str', { subscribe: ['bob'], push: ['bob'] })) },
    anonymous: null,
    expired: { token: await signing.token({ ...all, expiresIn: -1 }) },
    'wrong issuer': { token: await signing.token({ ...all, iss: 'https://elsewhere.test' }) },
    'wrong audience': { token: await signing.token({ ...all, aud: 'another service' }) },
    'alg none': {
      token: unsignedToken({ sub: 'mallory', iss: ISSUER, aud: AUDIENCE, cloudpush: everything }),
    },
    // The public key, which everybody may have, taken for a secret.
    'key confusion': { token: await secretToken(all, signing.publicPem) },
    'unknown secret': { token: await secretToken(all, `not ${SECRET}`) },
    'revoked API key': { key: WITHDRAWN_KEY },
    'revoked signing key': { token: await removed.token(all) },
  }
}

function headersOf(who: Who): Record<string, string> {
  const given = credentials[who]
  if (given === null) return {}
  return 'key' in given ? { 'x-api-key': given.key } : { authorization: `Bearer ${given.token}` }
}

function paramsOf(who: Who): Record<string, string> {
  const given = credentials[who]
  if (given === null) return {}
  return 'key' in given ? { apiKey: given.key } : { authorization: `Bearer ${given.token}` }
}

async function pushAs(who: Who, input: object = {}): Promise<string> {
  const query = 'mutation Push($input: PushInput!) { push(input: $input) { id } }'
  const variables = { input: { to: ['alice'], payload: 1, ...input } }
  const answer = await graphqlRequest<{ push: { id: string } }>(gateway, query, variables, headersOf(who))
  if (!answer.data) throw new Error(JSON.stringify(answer))
  return answer.data.push.id
}

interface Cell {
  /** The root field, as the schema names it. */
  readonly field: string
  readonly note?: string
  /** The selection, given what `prepare` made. */
  readonly operation: (made: string) => string
  readonly prepare?: (who: Who) => Promise<string> | string
  readonly allowed: readonly Who[]
}

const ADMINS: readonly Who[] = ['admin', 'back end']
const PUSHERS: readonly Who[] = ['pusher', ...ADMINS]
const query = (field: string, allowed: readonly Who[], selection: string, note?: string): Cell => ({
  ...{ field: `Query.${field}`, allowed, operation: () => `query { ${selection} }` },
  ...(note ? { note } : {}),
})
const mutation = (field: string, allowed: readonly Who[], selection: string, note?: string): Cell => ({
  ...{ field: `Mutation.${field}`, allowed, operation: () => `mutation { ${selection} }` },
  ...(note ? { note } : {}),
})
const subscription = (field: string, allowed: readonly Who[], selection: string): Cell => ({
  ...{ field: `Subscription.${field}`, allowed, operation: () => `subscription { ${selection} }` },
})

const TABLE: readonly Cell[] = [
  query('endpoint', KNOWN, 'endpoint { replicaId }', 'of nobody'),
  query('endpoint', ['subscriber', ...PUSHERS], 'endpoint(identifier: "alice") { replicaId }', 'of alice'),
  query('inbox', ['subscriber'], 'inbox(identifier: "alice") { id }'),
  query('presence', PUSHERS, 'presence(identifiers: ["alice"]) { online }'),
  {
    ...{ field: 'Query.receipt', allowed: PUSHERS, prepare: () => pushAs('pusher') },
    operation: (id) => `query { receipt(pushId: "${id}") { sent } }`,
  },
  query('replicas', ADMINS, 'replicas { id }'),
  query('sessions', ADMINS, 'sessions { totalCount }'),
  query('settings', ADMINS, 'settings { drainSeconds }'),
  query('statistics', ADMINS, 'statistics { deliveryRate }'),
  mutation('acknowledge', ['subscriber'], 'acknowledge(messageId: "none", identifier: "alice")', 'of alice'),
  mutation('acknowledge', KNOWN, 'acknowledge(messageId: "none", identifier: "*")', 'of everyone'),
  {
    ...{ field: 'Mutation.authenticate', allowed: KNOWN },
    prepare: (who) => paramsOf(who)['authorization'] ?? 'a key is no token',
    operation: (token) => `mutation { authenticate(token: "${token}") }`,
  },
  {
    ...{
      field: 'Mutation.cancelPush',
      allowed: PUSHERS,
      prepare: () => pushAs('pusher', { delaySeconds: 900 }),
    },
    operation: (id) => `mutation { cancelPush(id: "${id}") }`,
  },
  mutation('configure', ADMINS, 'configure(input: {}) { drainSeconds }'),
  mutation('disconnect', ADMINS, 'disconnect(identifiers: ["nobody"])'),
  mutation('drain', ADMINS, 'drain(replicaId: "none") { id }'),
  mutation('heartbeat', KNOWN, 'heartbeat'),
  mutation('push', PUSHERS, 'push(input: { to: ["alice"], payload: 1 }) { id }'),
  mutation('push', ADMINS, 'push(input: { to: ["alice", "bob"], payload: 1 }) { id }', 'to one too many'),
  mutation('push', ADMINS, 'push(input: { everyone: true, payload: 1 }) { id }', 'to everyone'),
  mutation('rebalance', ADMINS, 'rebalance'),
  mutation('undrain', ADMINS, 'undrain(replicaId: "none") { id }'),
  subscription('messages', ['subscriber'], 'messages(identifiers: ["alice"]) { id }'),
  subscription('presence', PUSHERS, 'presence(identifiers: ["alice"]) { online }'),
  {
    ...{ field: 'Subscription.receipt', allowed: PUSHERS, prepare: () => pushAs('pusher') },
    operation: (id) => `subscription { receipt(pushId: "${id}") { sent } }`,
  },
  subscription('replicas', ADMINS, 'replicas { id }'),
  subscription('settings', ADMINS, 'settings { drainSeconds }'),
  subscription('statistics', ADMINS, 'statistics { deliveryRate }'),
]

/** What came of asking: `allowed`, or the code of the refusal. */
type Outcome = 'allowed' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'no subscriptions here'

function outcomeOf(answer: GraphQLAnswer): Outcome {
  const codes = codesOf(answer)
  if (codes.includes('UNAUTHENTICATED')) return 'UNAUTHENTICATED'
  return codes.includes('FORBIDDEN') ? 'FORBIDDEN' : 'allowed'
}

async function overHttp(who: Who, operation: string): Promise<Outcome> {
  const answer = await graphqlRequest(gateway, operation, {}, headersOf(who))
  if (answer.status === 406) return 'no subscriptions here'
  expect(answer.status === 401).toBe(outcomeOf(answer) === 'UNAUTHENTICATED')
  return outcomeOf(answer)
}

async function overSse(who: Who, operation: string): Promise<Outcome> {
  await using client = await SseClient.open(gateway, operation, {}, headersOf(who))
  if (client.status === 401) return 'UNAUTHENTICATED'
  return outcomeOf(await client.next())
}

async function overWebSocket(who: Who, operation: string): Promise<Outcome> {
  await using client = await RawClient.open(gateway)
  client.send({ type: 'connection_init', payload: paramsOf(who) })
  if (!KNOWN.includes(who)) {
    expect((await client.closed()).code).toBe(4403)
    return 'UNAUTHENTICATED'
  }
  await client.expect('connection_ack')
  client.send({ id: '1', type: 'subscribe', payload: { query: operation } })
  const answered = client.expectAnyOf('1', ['next', 'error'])
  const { type, payload } = await answered
  // Whatever came of the operation, the socket is as it was.
  await client.fence()
  return outcomeOf(type === 'error' ? { errors: payload as never } : (payload as GraphQLAnswer))
}

/** The back end has no token, so what it renews with is none; that is not a matter of the field's rule. */
const speaksForItself = (cell: Cell, who: Who, transport: string) =>
  cell.field === 'Mutation.authenticate' && who === 'back end' && transport === 'WebSocket'

const TRANSPORTS = { HTTP: overHttp, SSE: overSse, WebSocket: overWebSocket } as const

describe.for(TABLE.map((cell) => ({ cell, title: [cell.field, cell.note].filter(Boolean).join(' ') })))(
  'who has $title',
  ({ cell }) => {
    test.for(Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[])('over %s', async (transport) => {
      const outcomes = await Promise.all(
        WHO.map(async (who) => {
          const made = (await cell.prepare?.(who)) ?? ''
          return [who, await TRANSPORTS[transport](who, cell.operation(made))] as const
        }),
      )
      const expected = WHO.map((who): [Who, Outcome] => {
        if (!KNOWN.includes(who) || speaksForItself(cell, who, transport)) return [who, 'UNAUTHENTICATED']
        if (transport === 'HTTP' && cell.field.startsWith('Subscription.'))
          return [who, 'no subscriptions here']
        return [who, cell.allowed.includes(who) ? 'allowed' : 'FORBIDDEN']
      })
      expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected))
    })
  },
)

test('every root field of the schema has a rule, and stands in the table', () => {
  const schema = createSchema()
  const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
    (type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`),
  )
  const ruled = Object.entries(RULES).flatMap(([type, rules]) =>
    Object.keys(rules).map((name) => `${type}.${name}`),
  )
  expect(ruled.sort()).toEqual([...fields].sort())
  expect([...new Set(TABLE.map(({ field }) => field))].sort()).toEqual([...fields].sort())
})
