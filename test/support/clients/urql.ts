import { Client, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-ws'
import {
  type CreateStockClient,
  graphqlWsOptions,
  MESSAGES,
  PUSH_TO,
  type StockMessage,
} from './stock-client.ts'

/** https://nearform.com/open-source/urql/docs/advanced/subscriptions */
export const createUrqlClient: CreateStockClient = (options) => {
  const ws = createClient(graphqlWsOptions(options))
  const client = new Client({
    // Nothing goes over HTTP here: mutations take the socket as well.
    url: 'http://unused.invalid',
    exchanges: [
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription(request) {
          const input = { ...request, query: request.query || '' }
          return {
            subscribe(sink) {
              const unsubscribe = ws.subscribe(input, sink as Parameters<typeof ws.subscribe>[1])
              return { unsubscribe }
            },
          }
        },
      }),
    ],
  })
  return {
    name: 'urql',
    subscribe(identifiers, onMessage, failed) {
      const { unsubscribe } = client
        .subscription<{ messages: StockMessage }>(MESSAGES, { identifiers })
        .subscribe(({ data, error }) => {
          if (error) failed(error)
          else if (data) onMessage(data.messages)
        })
      return unsubscribe
    },
    async push(identifier, payload) {
      const { error } = await client.mutation(PUSH_TO, { identifier, payload }).toPromise()
      if (error) throw error
    },
    async dispose() {
      await ws.dispose()
    },
  }
}
