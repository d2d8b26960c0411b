import { readInbox } from '../domain/messages.ts'
import { acknowledge, readReceipt, watchReceipt } from '../domain/receipt.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const messageResolvers: Resolvers = {
  Subscription: {
    // Its events never come this way: the delivery plug-in takes the operation over (plugins/delivery.ts).
    messages: {
      subscribe: () => {
        throw new Error('messages is served by the delivery plug-in')
      },
    },
    receipt: { subscribe: (_root, { pushId }, { services }) => watchReceipt(services, pushId) },
  },
  Query: {
    inbox: (_root, { identifier, last, before }, { services, origin }) =>
      readInbox(services, { identifier, last: last ?? 20, before: before ?? null }, origin.session?.id ?? ''),
    receipt: (_root, { pushId }, { services }) => readReceipt(services, pushId),
  },
  Mutation: {
    acknowledge: (_root, { messageId, identifier }, { services, origin }) =>
      acknowledge(services, origin, messageId, identifier),
  },
}
