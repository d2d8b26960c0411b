import { readPresence, watchPresence } from '../domain/presence.ts'
import { disconnect, listSessions } from '../domain/sessions.ts'
import type { Resolvers } from '../generated/resolvers.ts'

export const presenceResolvers: Resolvers = {
  Subscription: {
    presence: { subscribe: (_root, { identifiers }, { services }) => watchPresence(services, identifiers) },
  },
  Query: {
    presence: (_root, { identifiers }, { services }) => readPresence(services, identifiers),
    sessions: (_root, { identifier, replicaId, first, after }, { services }) =>
      listSessions(services, {
        identifier: identifier ?? null,
        replicaId: replicaId ?? null,
        first: first ?? 50,
        after: after ?? null,
      }),
  },
  Mutation: {
    heartbeat: () => new Date(),
    disconnect: (_root, { identifiers, reason }, { services }) =>
      disconnect(services, identifiers, reason ?? null),
  },
}
