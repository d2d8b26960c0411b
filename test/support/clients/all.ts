import { createApolloClient } from './apollo.ts'
import { createGraphqlWsClient } from './graphql-ws.ts'
import { createRelayClient } from './relay.ts'
import type { CreateStockClient } from './stock-client.ts'
import { createUrqlClient } from './urql.ts'

export const STOCK_CLIENTS: Readonly<Record<string, CreateStockClient>> = {
  'Apollo Client': createApolloClient,
  urql: createUrqlClient,
  Relay: createRelayClient,
  'graphql-ws': createGraphqlWsClient,
}
