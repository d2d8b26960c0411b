import { randomUUID } from 'node:crypto'
import type { GatewayAddress } from './gateway.ts'
import { type GraphQLAnswer, graphqlRequest } from './graphql-request.ts'
import type { RawClient } from './raw-client.ts'
import { SseClient } from './sse-client.ts'

export interface TestOperation {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

/** One operation and the first thing that is answered. */
type Send = (gateway: GatewayAddress, operation: TestOperation, socket: RawClient) => Promise<GraphQLAnswer>

/** The three ways to the same answer. */
export const TRANSPORTS: Readonly<Record<'HTTP' | 'WebSocket' | 'SSE', Send>> = {
  HTTP: (gateway, { query, variables }) => graphqlRequest(gateway, query, variables),
  WebSocket: (_gateway, { query, variables }, socket) => socket.request(randomUUID(), query, variables),
  SSE: async (gateway, { query, variables }) => {
    await using client = await SseClient.open(gateway, query, variables)
    return await client.next()
  },
}
