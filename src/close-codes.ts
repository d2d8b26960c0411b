/**
 * Every code that we close a WebSocket with, and what the stock `graphql-ws` client (6.x) then does. It never retries
 * 4400, 4401, 4406, 4409, 4429, 4500, 1008, 1009 and 1011; it retries all others, 1000 at once and without back-off.
 * A refused HTTP upgrade it does not retry either: whoever is to come back is accepted first, then closed.
 */
export interface CloseCode {
  readonly code: number
  /** At most 123 bytes (RFC 6455 §5.5). */
  readonly reason: string
  /** What the stock client does: it comes back, or its operations are over. */
  readonly reconnects: boolean
}

export const CLOSE_CODES = {
  RESTART: { code: 1012, reason: 'Restarting: reconnect to resume', reconnects: true },
  OVER_CAPACITY: { code: 1013, reason: 'Over capacity: try again later', reconnects: true },
  TOO_MANY_OF_ADDRESS: {
    code: 1013,
    reason: 'Too many connections from this address: try again later',
    reconnects: true,
  },
  TOO_MANY_OF_SUBJECT: {
    code: 1013,
    reason: 'Too many connections of this subject: try again later',
    reconnects: true,
  },
  NO_REPLICA: { code: 1013, reason: 'No replica takes this connection: try again later', reconnects: true },
  BINARY: { code: 1003, reason: 'Binary frames are not understood', reconnects: true },
  INIT_TIMEOUT: { code: 4408, reason: 'Connection initialisation timeout', reconnects: true },
  FORBIDDEN: { code: 4403, reason: 'Forbidden', reconnects: true },
  IDLE: { code: 4410, reason: 'Idle: nothing was heard for too long', reconnects: true },
  DISCONNECTED: { code: 4411, reason: 'Disconnected by an operator', reconnects: true },
  UNAUTHORIZED: { code: 4401, reason: 'Unauthorized', reconnects: false },
  BAD_SUBPROTOCOL: { code: 4406, reason: 'Subprotocol not acceptable', reconnects: false },
  DUPLICATE_ID: { code: 4409, reason: 'Subscriber for this id already exists', reconnects: false },
  DUPLICATE_INIT: { code: 4429, reason: 'Too many initialisation requests', reconnects: false },
  INTERNAL: { code: 4500, reason: 'Internal error', reconnects: false },
  BAD_REQUEST: { code: 4400, reason: 'Invalid message', reconnects: false },
} as const satisfies Record<string, CloseCode>
