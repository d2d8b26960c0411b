import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { CloudpushError, ERROR_CODES } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'

/**
 * The one mapper from what was thrown to what a user sees, over HTTP, SSE and WebSocket alike:
 * our own errors with their code, errors of the request itself as `BAD_USER_INPUT`, all else masked as `INTERNAL`.
 */
export function toPublicError(error: unknown, log: Log): GraphQLError {
  const own = cloudpushErrorIn(error)
  const place = error instanceof GraphQLError ? placeOf(error) : {}
  if (own) return new GraphQLError(own.message, { ...place, extensions: { ...own.details, code: own.code } })
  if (error instanceof GraphQLError && isOfRequest(error)) {
    return new GraphQLError(error.message, {
      ...place,
      extensions: { ...error.extensions, code: 'BAD_USER_INPUT' },
    })
  }
  log.error(
    { err: error instanceof GraphQLError ? (error.originalError ?? error) : error },
    'operation failed',
  )
  return new GraphQLError('Something went wrong on our side; it is in the log.', {
    ...place,
    extensions: { code: 'INTERNAL' },
  })
}

function placeOf(error: GraphQLError) {
  return { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path }
}

function cloudpushErrorIn(error: unknown): CloudpushError | null {
  if (error instanceof CloudpushError) return error
  return error instanceof GraphQLError && error.originalError ? cloudpushErrorIn(error.originalError) : null
}

/** GraphQL's own complaints about the document and its variables have no other error behind them. */
function isOfRequest(error: GraphQLError): boolean {
  return (
    error.originalError == null ||
    (error.originalError instanceof GraphQLError && isOfRequest(error.originalError))
  )
}

/** Gives the errors of the request itself their code: those are never masked, since no field was executed. */
export function usePublicErrors(log: Log): Plugin {
  return {
    onResultProcess({ result, setResult }) {
      if (Array.isArray(result) || Symbol.asyncIterator in result || !result.errors) return
      const errors = result.errors.map((error) =>
        hasOwnCode(error) ? error : withHttp(error, toPublicError(error, log)),
      )
      setResult({ ...result, errors })
    },
  }
}

function hasOwnCode(error: GraphQLError): boolean {
  const code = error.extensions?.['code']
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
}

/** The status that the HTTP layer chose for an error stays with it. */
function withHttp(error: GraphQLError, coded: GraphQLError): GraphQLError {
  const http = error.extensions?.['http']
  if (http !== undefined) coded.extensions['http'] = http
  return coded
}
