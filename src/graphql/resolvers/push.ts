import { push } from '../domain/push.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const pushResolvers: Resolvers = {
  Mutation: {
    push: async (_root, { input }, { services, origin }) => {
      const published = await push(services, origin, input)
      return {
        ...published,
        offline: [...published.offline],
        deliverAt: published.deliverAt === null ? null : new Date(published.deliverAt),
      }
    },
    cancelPush: (_root, { id }, { services }) => services.broker.cancel(id),
  },
}
