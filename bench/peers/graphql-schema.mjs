// The schema that the GraphQL peers share: the same operations as Cloudpush's, wired as graphql-redis-subscriptions'
// README does it, one topic per identifier.
import { randomUUID } from 'node:crypto'

export const typeDefs = /* GraphQL */ `
  scalar JSON
  type Query {
    hello: String
  }
  input PushInput {
    to: [ID!]!
    payload: JSON!
  }
  type PushResult {
    id: ID!
  }
  type Mutation {
    push(input: PushInput!): PushResult!
  }
  type Message {
    id: ID!
    identifier: ID!
    payload: JSON!
  }
  type Subscription {
    messages(identifiers: [ID!]!): Message!
  }
`

/**
 * @param {(topic: string, event: unknown) => Promise<unknown>} publish
 * @param {(topics: string[], context: unknown) => unknown} subscribe
 */
export function resolversOf(publish, subscribe) {
  return {
    Mutation: {
      push: async (_root, { input: { to, payload } }, context) => {
        const id = randomUUID()
        await Promise.all(
          to.map((identifier) => publish(identifier, { messages: { id, identifier, payload } }, context)),
        )
        return { id }
      },
    },
    Subscription: {
      messages: { subscribe: (_root, { identifiers }, context) => subscribe(identifiers, context) },
    },
  }
}
