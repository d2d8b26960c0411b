/**
 * The stock clients, each unmodified and wired as its documentation says, behind one small interface, so that a test can
 * drive all of them the same way. They run in Node and, bundled, in a browser.
 */
export interface StockMessage {
  readonly id: string
  readonly identifier: string
  readonly payload: unknown
  readonly cursor: string
  readonly redelivered: boolean
  readonly missed: number | null
}

export interface StockClient {
  readonly name: string
  /** `failed`: the client gave its operation up. */
  subscribe(
    identifiers: readonly string[],
    onMessage: (message: StockMessage) => void,
    failed: (error: unknown) => void,
  ): () => void
  /** A push as the client itself sends a mutation. */
  push(identifier: string, payload: unknown): Promise<void>
  dispose(): Promise<void>
}

export interface StockClientOptions {
  /** `ws://…/graphql`, or what answers it: graphql-ws takes both. */
  readonly url: string | (() => string)
  /** Node 20 has no WebSocket of its own: there its users give one. */
  readonly webSocketImpl?: unknown
  /** graphql-ws's documented options for networks that fail: go on whatever happens. */
  readonly retryForever?: boolean
}

export type CreateStockClient = (options: StockClientOptions) => StockClient

export const MESSAGES = `subscription Messages($identifiers: [ID!]!) {
  messages(identifiers: $identifiers) { id identifier payload cursor redelivered missed }
}`

export const PUSH_TO = `mutation PushTo($identifier: ID!, $payload: JSON!) {
  push(input: { to: [$identifier], payload: $payload }) { id }
}`

/** The options of the graphql-ws client underneath: nothing but what its documentation names. */
export function graphqlWsOptions({ url, webSocketImpl, retryForever }: StockClientOptions) {
  return {
    url,
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
    ...(retryForever ? { shouldRetry: () => true, retryAttempts: Number.POSITIVE_INFINITY } : {}),
  }
}
