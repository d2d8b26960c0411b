/**
 * Every error that a user may see, by its code in `extensions.code`; the same over HTTP, SSE and WebSocket.
 * An error of one operation never closes the socket.
 */
export const ERROR_CODES = {
  UNAUTHENTICATED: 'No token, or one that is not valid.',
  AUTHENTICATION_UNAVAILABLE: 'The keys that tokens are checked with cannot be had now; try again.',
  FORBIDDEN: 'The token does not grant this.',
  BAD_USER_INPUT: 'The request is wrong; the message says where.',
  PAYLOAD_TOO_LARGE: 'The payload has more bytes than the gateway takes.',
  TOO_MANY_RECIPIENTS: 'The push names more identifiers than the gateway takes at once.',
  RATE_LIMITED: 'Too many of these in this time; try again later.',
  BROKER_UNAVAILABLE: 'The store cannot be reached: nothing was accepted; try again with the same push id.',
  NO_REPLICA: 'No replica takes this now: nothing happened; try again in some seconds.',
  OUTCOME_UNKNOWN: 'The replica that ran this is gone before it answered: it may have happened, or not.',
  NOT_FOUND: 'There is no such thing, or not any more.',
  INTERNAL: 'A fault of ours; the details are in the log.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** An expected failure with its code and what a program needs to know of it. Safe to show to users. */
export class CloudpushError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CloudpushError'
    this.code = code
    this.details = details
  }
}

type Details = Readonly<Record<string, unknown>>

export const unauthenticated = (message: string, details?: Details) =>
  new CloudpushError('UNAUTHENTICATED', message, details)

export const forbidden = (message: string, details?: Details) =>
  new CloudpushError('FORBIDDEN', message, details)

export const badUserInput = (message: string, details?: Details) =>
  new CloudpushError('BAD_USER_INPUT', message, details)

export const payloadTooLarge = (message: string, details?: Details) =>
  new CloudpushError('PAYLOAD_TOO_LARGE', message, details)

export const tooManyRecipients = (message: string, details?: Details) =>
  new CloudpushError('TOO_MANY_RECIPIENTS', message, details)

export const rateLimited = (message: string, details?: Details) =>
  new CloudpushError('RATE_LIMITED', message, details)

export const notFound = (message: string, details?: Details) =>
  new CloudpushError('NOT_FOUND', message, details)

export const brokerUnavailable = (message: string, details?: Details, cause?: unknown) =>
  new CloudpushError('BROKER_UNAVAILABLE', message, details, cause)
