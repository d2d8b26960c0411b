import { notImplemented } from '../../errors.ts'
import { configure, readSettings, watchSettings } from '../domain/settings.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const operationsResolvers: Resolvers = {
  Subscription: {
    settings: { subscribe: (_root, _args, { services }) => watchSettings(services) },
  },
  Query: {
    settings: (_root, _args, { services }) => readSettings(services),
    statistics: () => {
      throw notImplemented('statistics')
    },
  },
  Mutation: {
    configure: (_root, { input }, { services }) => configure(services, input),
    authenticate: () => {
      throw notImplemented('authenticate')
    },
  },
}
