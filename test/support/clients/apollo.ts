import { ApolloClient, gql, InMemoryCache } from '@apollo/client/core'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createClient } from 'graphql-ws'
import {
  type CreateStockClient,
  graphqlWsOptions,
  MESSAGES,
  PUSH_TO,
  type StockMessage,
} from './stock-client.ts'

/** https://www.apollographql.com/docs/react/data/subscriptions */
export const createApolloClient: CreateStockClient = (options) => {
  // GraphQLWsLink compares errors with the global WebSocket and, where there is none, throws instead of telling them.
  if (!('WebSocket' in globalThis)) Object.assign(globalThis, { WebSocket: options.webSocketImpl })
  const ws = createClient(graphqlWsOptions(options))
  const client = new ApolloClient({ link: new GraphQLWsLink(ws), cache: new InMemoryCache() })
  return {
    name: 'Apollo Client',
    subscribe(identifiers, onMessage, failed) {
      const subscription = client
        .subscribe<{ messages: StockMessage }>({
          query: gql(MESSAGES),
          variables: { identifiers },
          // Messages are events, not entities: two pushes may share an id, for two identifiers.
          fetchPolicy: 'no-cache',
        })
        .subscribe({
          next: ({ data, error }) => {
            if (error) failed(error)
            else if (data) onMessage(data.messages)
          },
          error: failed,
        })
      return () => subscription.unsubscribe()
    },
    async push(identifier, payload) {
      await client.mutate({ mutation: gql(PUSH_TO), variables: { identifier, payload } })
    },
    async dispose() {
      client.stop()
      await ws.dispose()
    },
  }
}
