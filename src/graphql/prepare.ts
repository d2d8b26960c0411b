import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql'
import type { Log } from '../observability/log.ts'
import type { OperationOrigin } from './context.ts'
import { toPublicError } from './plugins/errors.ts'
import type { Requested, TrustedDocuments } from './trusted-documents.ts'
import type { Yoga } from './yoga.ts'

/** What operations are prepared with. */
export interface Preparing {
  readonly yoga: Yoga
  readonly documents: TrustedDocuments
  readonly log: Log
}

/** One operation as a client sent it. */
export interface OperationParams extends Requested {
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

/** How a prepared operation is run, with every plug-in. It travels as `rootValue`: no field of a root type reads that. */
export interface OperationRunner {
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult
  readonly subscribe: (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
}

export interface PreparedOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variableValues: Record<string, unknown>
  readonly contextValue: Record<PropertyKey, unknown>
  readonly rootValue: OperationRunner
}

/** Parses and validates an operation. Answers what can be run, or the errors that users see; rejects never. */
export async function prepareOperation(
  { yoga, documents, log }: Preparing,
  origin: OperationOrigin,
  params: OperationParams,
): Promise<PreparedOperation | readonly GraphQLError[]> {
  try {
    const text = documents.textOf(params, origin.principal)
    const { schema, parse, validate, contextFactory, execute, subscribe } = yoga.getEnveloped({ origin })
    const document = parse(text)
    const errors = validate(schema, document)
    if (errors.length > 0) return errors.map((error: unknown) => toPublicError(error, log))
    return {
      schema,
      document,
      operationName: params.operationName ?? null,
      variableValues: { ...params.variables },
      contextValue: (await contextFactory()) as unknown as Record<PropertyKey, unknown>,
      rootValue: { execute, subscribe },
    }
  } catch (error) {
    return [toPublicError(error, log)]
  }
}

/** What `prepareOperation` gave the arguments to be run with. */
export function runnerOf(args: ExecutionArgs): OperationRunner {
  return args.rootValue as OperationRunner
}
