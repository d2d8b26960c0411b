import {
  chooseEndpoint,
  drainReplica,
  listReplicas,
  rebalance,
  undrainReplica,
  watchReplicas,
  weightOf,
} from '../domain/replicas.ts'
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
    drain: (_root, { replicaId, withinSeconds }, { services }) =>
      drainReplica(services, replicaId, withinSeconds ?? services.settings.current.drainSeconds),
    undrain: (_root, { replicaId }, { services }) => undrainReplica(services, replicaId),
    rebalance: (_root, { threshold }, { services }) => rebalance(services, threshold ?? 1.1),
  },
  Replica: {
    weight: (replica, _args, { services }) => weightOf(services, replica.id),
  },
}
