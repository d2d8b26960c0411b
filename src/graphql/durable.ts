/**
 * Which operations can be resumed: those whose id no other client of the same subject makes as well. The stock
 * graphql-ws client makes a UUID per operation and keeps it across reconnects; a client that numbers its operations
 * 1, 2, 3 would share a record with its neighbour, unless `connectionParams.clientKey` tells them apart.
 */
export function isDurable(operationId: string, clientKey: string | null): boolean {
  return clientKey !== null || isUniqueByShape(operationId)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** As random as a UUID, to look at: 22 characters of base64url or more, with some variety. */
const RANDOM = /^[A-Za-z0-9_-]{22,128}$/
const MIN_DISTINCT_CHARACTERS = 10

function isUniqueByShape(operationId: string): boolean {
  if (UUID.test(operationId)) return true
  return RANDOM.test(operationId) && new Set(operationId).size >= MIN_DISTINCT_CHARACTERS
}
