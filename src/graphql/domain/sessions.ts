import { EVERYONE } from '../../broker/broker.ts'
import type { PeerHandlers, SessionSnapshot } from '../../cluster/peers.ts'
import type { Hub } from '../../delivery/hub.ts'
import type { Session } from '../../delivery/session.ts'
import { badUserInput } from '../../errors.ts'
import type { Services } from '../context.ts'
import { checkIdentifiers } from './identifiers.ts'

const MAX_SESSIONS = 1_000

/** How this replica answers what other replicas ask about its sessions. */
export function sessionPeerHandlers(
  hub: Hub,
  replicaId: string,
): Pick<PeerHandlers, 'disconnect' | 'sessions'> {
  return {
    disconnect: ({ identifiers, reason }) => {
      const sessions = hub.holding(identifiers)
      for (const session of sessions) session.transport.disconnect(reason)
      return sessions.length
    },
    sessions: ({ identifier, first, after }) => {
      const all = identifier === null ? [...hub.sessions.values()] : hub.holding([identifier])
      const rest = after === null ? all : all.filter((session) => session.id > after)
      // One more than asked for, so that whoever asks sees whether there are more.
      const page = rest.sort(byId).slice(0, first + 1)
      return { sessions: page.map((session) => toSnapshot(session, replicaId)), total: all.length }
    },
  }
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function toSnapshot(session: Session, replicaId: string): SessionSnapshot {
  const { details } = session
  const identifiers = new Set<string>()
  for (const subscription of session.subscriptions.values()) {
    for (const { inbox } of subscription.positions)
      if (inbox.identifier !== EVERYONE) identifiers.add(inbox.identifier)
  }
  return {
    id: details.id,
    subject: details.subject,
    identifiers: [...identifiers],
    replicaId,
    remoteAddress: details.remoteAddress,
    userAgent: details.userAgent,
    connectedAt: details.connectedAt,
    lastActiveAt: session.lastActiveAt,
    subscriptions: session.subscriptions.size,
    bufferedBytes: session.transport.bufferedBytes,
    unconfirmed: session.unconfirmed,
  }
}

/** Sessions of all replicas, or of one, in the order of their ids. */
export async function listSessions(
  { peers }: Services,
  ask: { identifier: string | null; replicaId: string | null; first: number; after: string | null },
) {
  if (ask.identifier !== null) checkIdentifiers([ask.identifier], 'identifier')
  if (ask.first < 1 || ask.first > MAX_SESSIONS) {
    throw badUserInput(`first must be from 1 to ${MAX_SESSIONS}.`, { argument: 'first' })
  }
  const question = { identifier: ask.identifier, first: ask.first, after: ask.after }
  const answers = await peers.ask('sessions', question, ask.replicaId === null ? null : [ask.replicaId])
  const found = answers.flatMap((answer) => answer.sessions).sort(byId)
  const page = found.slice(0, ask.first)
  return {
    edges: page.map((session) => ({ cursor: session.id, node: toSession(session) })),
    pageInfo: { hasNextPage: found.length > page.length, endCursor: page.at(-1)?.id ?? null },
    totalCount: answers.reduce((sum, answer) => sum + answer.total, 0),
  }
}

function toSession(session: SessionSnapshot) {
  return {
    ...session,
    identifiers: [...session.identifiers],
    connectedAt: new Date(session.connectedAt),
    lastActiveAt: new Date(session.lastActiveAt),
  }
}

/** Ends every subscription of these identifiers on all replicas. Answers how many sessions were closed. */
export async function disconnect(
  { peers }: Services,
  identifiers: readonly string[],
  reason: string | null,
): Promise<number> {
  const answers = await peers.ask('disconnect', {
    identifiers: checkIdentifiers(identifiers, 'identifiers'),
    reason,
  })
  return answers.reduce((sum, closed) => sum + closed, 0)
}
