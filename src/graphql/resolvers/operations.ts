import { notImplemented } from '../../errors.ts'
import { readSettings } from '../domain/settings.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const operationsResolvers: Resolvers = {
  Query: {
    settings: (_root, _args, { services }) => readSettings(services),
    statistics: () => {
      throw notImplemented('statistics')
    },
  },
  Mutation: {
    configure: () => {
      throw notImplemented('configure')
    },
    authenticate: () => {
      throw notImplemented('authenticate')
    },
  },
}
