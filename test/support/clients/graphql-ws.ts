import { createClient } from 'graphql-ws'
import {
  type CreateStockClient,
  graphqlWsOptions,
  MESSAGES,
  PUSH_TO,
  type StockMessage,
} from './stock-client.ts'

/** https://the-guild.dev/graphql/ws/recipes#client-usage */
export const createGraphqlWsClient: CreateStockClient = (options) => {
  const client = createClient(graphqlWsOptions(options))
  return {
    name: 'graphql-ws',
    subscribe: (identifiers, onMessage, failed) =>
      client.subscribe<{ messages: StockMessage }>(
        { query: MESSAGES, variables: { identifiers } },
        {
          next: ({ data }) => {
            if (data) onMessage(data.messages)
          },
          error: failed,
          complete: () => {},
        },
      ),
    push: (identifier, payload) =>
      new Promise((resolve, reject) => {
        client.subscribe(
          { query: PUSH_TO, variables: { identifier, payload } },
          { next: () => {}, error: reject, complete: resolve },
        )
      }),
    dispose: async () => {
      await client.dispose()
    },
  }
}
