import { notImplemented } from '../../errors.ts'
import { chooseEndpoint, listReplicas, watchReplicas, weightOf } from '../domain/replicas.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const replicaResolvers: Resolvers = {
  Subscription: {
    replicas: { subscribe: (_root, _args, { services }) => watchReplicas(services) },
  },
  Query: {
    endpoint: (_root, { identifier }, { services }) => chooseEndpoint(services, identifier ?? null),
    replicas: (_root, _args, { services }) => listReplicas(services),
  },
  Mutation: {
    drain: () => {
      throw notImplemented('drain')
    },
    undrain: () => {
      throw notImplemented('undrain')
    },
    rebalance: () => {
      throw notImplemented('rebalance')
    },
  },
  Replica: {
    weight: (replica, _args, { services }) => weightOf(services, replica.id),
  },
}
