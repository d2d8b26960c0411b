import { badUserInput } from '../../errors.ts'
import { configure, readSettings, watchSettings } from '../domain/settings.ts'
import { readStatistics, watchStatistics } from '../domain/statistics.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const operationsResolvers: Resolvers = {
  Subscription: {
    settings: { subscribe: (_root, _args, { services }) => watchSettings(services) },
    statistics: {
      subscribe: (_root, { lastMinutes }, { services }) => watchStatistics(services, lastMinutes ?? 60),
    },
  },
  Query: {
    settings: (_root, _args, { services }) => readSettings(services),
    statistics: (_root, { lastMinutes }, { services }) => readStatistics(services, lastMinutes ?? 60),
  },
  Mutation: {
    configure: (_root, { input }, { services }) => configure(services, input),
    authenticate: (_root, { token }, { origin }) => {
      if (origin.access) return origin.access.renew(token)
      throw badUserInput('Only a WebSocket session has a token to renew; over HTTP send the new one.')
    },
  },
}
