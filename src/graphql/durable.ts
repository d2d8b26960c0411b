import type { SessionDetails } from '../delivery/session.ts'

const ANONYMOUS = JSON.stringify([null, null])

/**
 * Who resumes an operation, as its record names it: the subject, and the installation where the client named one; null
 * where nobody can. Operations can be resumed if no other client of the same subject makes their id as well. The stock
 * graphql-ws client makes a UUID per operation and keeps it across reconnects; a client that numbers its operations
 * 1, 2, 3 would share a record with its neighbour, unless `connectionParams.clientKey` tells them apart. Behind a gateway
 * its session has a name of its own, and goes on under it when it moves from one replica to the next.
 */
export function resumeSubjectOf(
  { subject, clientKey, relayId }: Pick<SessionDetails, 'subject' | 'clientKey' | 'relayId'>,
  operationId: string,
): string | null {
  if (clientKey !== null) return JSON.stringify([subject, clientKey])
  if (isUniqueByShape(operationId)) return subject === null ? ANONYMOUS : JSON.stringify([subject, null])
  return relayId === null ? null : JSON.stringify([subject, null, relayId])
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** As random as a UUID, to look at: 22 characters of base64url or more, with some variety. */
const RANDOM = /^[A-Za-z0-9_-]{22,128}$/
const MIN_DISTINCT_CHARACTERS = 10

function isUniqueByShape(operationId: string): boolean {
  if (UUID.test(operationId)) return true
  return RANDOM.test(operationId) && new Set(operationId).size >= MIN_DISTINCT_CHARACTERS
}
