import { GraphQLError } from 'graphql'
import { toPublicError } from '../graphql/plugins/errors.ts'
import type { Log } from '../observability/log.ts'

/** Errors of one operation on their way through graphql-ws, which knows only of one thrown error. */
export class OperationErrors extends Error {
  readonly errors: readonly GraphQLError[]

  constructor(errors: readonly GraphQLError[]) {
    super('operation failed')
    this.errors = errors
  }
}

/** What a client is told of errors that graphql-ws was thrown, with their codes. */
export function publicErrors(errors: readonly unknown[], log: Log): GraphQLError[] {
  return errors.flatMap((error) => {
    const original = error instanceof GraphQLError ? error.originalError : null
    if (original instanceof OperationErrors) return [...original.errors]
    return [toPublicError(error, log)]
  })
}

/** A stream that fails at once: graphql-ws answers `error` to it, where a result with errors would be a `next`. */
export async function* failing(error: unknown): AsyncGenerator<never> {
  throw error
}
