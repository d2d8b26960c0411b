import { Client, type CombinedError, mapExchange, subscriptionExchange } from 'urql'
import type { ConnectionStore } from './connection.ts'

/** urql with every operation, queries and mutations as well, over the one socket. */
export function createGraphQLClient({ client, signOut }: ConnectionStore): Client {
  return new Client({
    url: '/graphql',
    // What is shown is live, or asked for anew: there is nothing to cache.
    requestPolicy: 'network-only',
    exchanges: [
      mapExchange({
        onError: (error) => {
          if (codeOf(error) === 'UNAUTHENTICATED') signOut(messageOf(error))
        },
      }),
      subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => {
            // graphql-ws may give an array of errors, which urql understands.
            const unsubscribe = client.subscribe(
              { query: query ?? '', variables: variables ?? null },
              sink as never,
            )
            return { unsubscribe }
          },
        }),
      }),
    ],
  })
}

/** The error's `extensions.code`; null for one that did not come from the server. */
export function codeOf(error: CombinedError): string | null {
  const code = error.graphQLErrors[0]?.extensions['code']
  return typeof code === 'string' ? code : null
}

/** What the server said, without urql's prefix. */
export function messageOf(error: CombinedError): string {
  return (
    error.graphQLErrors.map(({ message }) => message).join(' ') ||
    (error.networkError?.message ?? error.message)
  )
}
