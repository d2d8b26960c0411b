import { vi } from 'vitest'
import { EVENT_LIMIT_MS } from './arrivals.ts'
import type { GatewayAddress } from './gateway.ts'

/** An error as clients get it, over any transport. */
export interface PublicError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: { readonly code?: string } & Readonly<Record<string, unknown>>
}

export interface GraphQLAnswer<T = Record<string, unknown>> {
  readonly data?: T | null
  readonly errors?: readonly PublicError[]
}

export interface HttpAnswer<T> extends GraphQLAnswer<T> {
  readonly status: number
}

type Variables = Readonly<Record<string, unknown>>

/** One GraphQL operation over HTTP POST, with nothing between the test and the wire. `credentials` are headers. */
export async function graphqlRequest<T = Record<string, unknown>>(
  { graphqlUrl }: GatewayAddress,
  query: string,
  variables: Variables = {},
  credentials: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer<T>> {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...credentials },
    body: JSON.stringify({ query, variables }),
  })
  return { ...((await response.json()) as GraphQLAnswer<T>), status: response.status }
}

export interface PushAnswer {
  readonly id: string
  readonly accepted: number
  readonly offline: readonly string[]
  readonly duplicate: boolean
}

export const PUSH = `mutation Push($input: PushInput!) {
  push(input: $input) { id accepted offline duplicate }
}`

/** Pushes over HTTP. Throws where it is refused. */
export async function push(gateway: GatewayAddress, input: Variables): Promise<PushAnswer> {
  const answer = await graphqlRequest<{ push: PushAnswer }>(gateway, PUSH, { input })
  if (!answer.data || answer.errors) throw new Error(`push was refused: ${JSON.stringify(answer.errors)}`)
  return answer.data.push
}

/** Does any subscription hold the identifier now? */
export async function isOnline(gateway: GatewayAddress, identifier: string): Promise<boolean> {
  const answer = await graphqlRequest<{ presence: [{ online: boolean }] }>(
    gateway,
    'query Online($identifiers: [ID!]!) { presence(identifiers: $identifiers) { online } }',
    { identifiers: [identifier] },
  )
  if (!answer.data || answer.errors) throw new Error(`presence was refused: ${JSON.stringify(answer.errors)}`)
  return answer.data.presence[0].online
}

/** Waits until some subscription holds the identifier. */
export async function untilOnline(gateway: GatewayAddress, identifier: string): Promise<void> {
  await vi.waitUntil(() => isOnline(gateway, identifier), { timeout: EVENT_LIMIT_MS })
}

/** Waits until no subscription holds the identifier any more. */
export async function untilOffline(gateway: GatewayAddress, identifier: string): Promise<void> {
  await vi.waitUntil(async () => !(await isOnline(gateway, identifier)), { timeout: EVENT_LIMIT_MS })
}

/** The codes of an answer's errors, in their order. */
export function codesOf(answer: {
  readonly errors?: readonly PublicError[] | undefined
}): (string | undefined)[] {
  return (answer.errors ?? []).map((error) => error.extensions?.code)
}
