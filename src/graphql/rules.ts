import {
  assertAdmin,
  assertMayPush,
  assertMayPushToEveryone,
  assertMaySubscribe,
  type Principal,
} from '../access/principal.ts'
import { EVERYONE } from '../broker/broker.ts'
import { forbidden } from '../errors.ts'
import type { Services } from './context.ts'
import type {
  MutationAcknowledgeArgs,
  MutationPushArgs,
  MutationResolvers,
  QueryEndpointArgs,
  QueryInboxArgs,
  QueryPresenceArgs,
  QueryResolvers,
  SubscriptionMessagesArgs,
  SubscriptionPresenceArgs,
  SubscriptionResolvers,
} from './generated/resolvers.ts'

/**
 * Throws (or rejects) where the principal may not have the field with these arguments. Whoever gets here has shown
 * credentials that count, or none are asked for.
 */
export type Rule = (
  principal: Principal,
  args: never,
  services: Pick<Services, 'broker'>,
) => void | Promise<void>

/** Whoever has shown who they are. */
const anyone: Rule = () => {}

const admins: Rule = (principal) => assertAdmin(principal)

const whoMaySubscribe = (principal: Principal, { identifiers }: SubscriptionMessagesArgs) => {
  for (const identifier of identifiers) assertMaySubscribe(principal, identifier)
}

const whoMayReadInbox = (principal: Principal, { identifier }: Pick<QueryInboxArgs, 'identifier'>) =>
  assertMaySubscribe(principal, identifier)

/** What was pushed to everyone reaches whoever subscribes to anything. */
const whoMayAcknowledge = (principal: Principal, args: MutationAcknowledgeArgs) => {
  if (args.identifier !== EVERYONE) whoMayReadInbox(principal, args)
}

/** Where an identifier is, is for those who know of it anyhow: who may subscribe to it, and who may push to it. */
const whoMaySteer = (principal: Principal, { identifier }: Partial<QueryEndpointArgs>) => {
  if (identifier != null && !principal.push.covers(identifier)) assertMaySubscribe(principal, identifier)
}

const whoMayPush = (principal: Principal, { input: { to, everyone } }: MutationPushArgs) => {
  if (everyone) assertMayPushToEveryone(principal)
  for (const identifier of to ?? []) assertMayPush(principal, identifier)
}

/** Admins may push to all, so they are among them. */
const whoMayPushTo = (
  principal: Principal,
  { identifiers }: QueryPresenceArgs | SubscriptionPresenceArgs,
) => {
  for (const identifier of identifiers) assertMayPush(principal, identifier)
}

/** What is unknown is nobody's: the field itself says so. */
const pusherOf =
  <A>(pushIdOf: (args: A) => string) =>
  async (principal: Principal, args: A, { broker }: Pick<Services, 'broker'>) => {
    if (principal.admin) return
    const receipt = await broker.receipt(pushIdOf(args))
    if (receipt !== null && receipt.from !== principal.subject) {
      throw forbidden('This is for whoever pushed it, and for admins.')
    }
  }

type FieldsOf<Resolvers> = Readonly<Record<keyof Resolvers, Rule>>

/**
 * Who may have each field of a root type: the one place where that is stated. A field without a rule stops the build, and
 * where it comes from elsewhere, the start (`guard.ts`).
 */
export const RULES: {
  readonly Query: FieldsOf<QueryResolvers>
  readonly Mutation: FieldsOf<MutationResolvers>
  readonly Subscription: FieldsOf<SubscriptionResolvers>
} = {
  Query: {
    endpoint: whoMaySteer,
    inbox: whoMayReadInbox,
    presence: whoMayPushTo,
    receipt: pusherOf(({ pushId }: { pushId: string }) => pushId),
    replicas: admins,
    sessions: admins,
    settings: admins,
    statistics: admins,
  },
  Mutation: {
    acknowledge: whoMayAcknowledge,
    // The new token speaks for itself.
    authenticate: anyone,
    cancelPush: pusherOf(({ id }: { id: string }) => id),
    configure: admins,
    disconnect: admins,
    drain: admins,
    heartbeat: anyone,
    push: whoMayPush,
    rebalance: admins,
    undrain: admins,
  },
  Subscription: {
    messages: whoMaySubscribe,
    presence: whoMayPushTo,
    receipt: pusherOf(({ pushId }: { pushId: string }) => pushId),
    replicas: admins,
    settings: admins,
    statistics: admins,
  },
}
