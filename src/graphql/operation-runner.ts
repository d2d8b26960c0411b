import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql'
import type { OperationOrigin, Services } from './context.ts'
import { toPublicError } from './plugins/errors.ts'
import type { Requested, TrustedDocuments } from './trusted-documents.ts'
import type { ValidDocuments } from './valid-documents.ts'
import type { Yoga } from './yoga.ts'

/** One operation as a client sent it. */
export interface OperationParams extends Requested {
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

/** What `execute` and `subscribe` take. */
export interface PreparedOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variableValues: Record<string, unknown>
  readonly contextValue: Record<PropertyKey, unknown>
}

/** Runs operations for the transports that are not Yoga's, WebSocket and JSON over POST, through the same plug-ins. */
export class OperationRunner {
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult
  readonly subscribe: (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
  readonly #yoga: Yoga
  readonly #services: Services
  readonly #trusted: TrustedDocuments
  readonly #valid: ValidDocuments
  readonly #schema: GraphQLSchema

  constructor(yoga: Yoga, services: Services, trusted: TrustedDocuments, valid: ValidDocuments) {
    this.#yoga = yoga
    this.#services = services
    this.#trusted = trusted
    this.#valid = valid
    // These look for the operation's context in their arguments: one of each does for all operations.
    const { schema, execute, subscribe } = yoga.getEnveloped()
    this.#schema = schema
    this.execute = execute
    this.subscribe = subscribe
  }

  /** Parses and validates an operation. Answers what can be run, or the errors that users see; throws never. */
  prepare(origin: OperationOrigin, params: OperationParams): PreparedOperation | readonly GraphQLError[] {
    const { log } = this.#services
    try {
      const text = this.#trusted.textOf(params, origin.principal)
      const document = this.#valid.find(text) ?? this.#read(text)
      if (!('kind' in document)) return document.map((error) => toPublicError(error, log))
      return {
        schema: this.#schema,
        document,
        operationName: params.operationName ?? null,
        variableValues: { ...params.variables },
        contextValue: { services: this.#services, origin },
      }
    } catch (error) {
      return [toPublicError(error, log)]
    }
  }

  /** Throws what is wrong with its syntax, answers what is wrong with its meaning. */
  #read(text: string): DocumentNode | readonly unknown[] {
    const { parse, validate } = this.#yoga.getEnveloped()
    const document: DocumentNode = parse(text)
    const errors: readonly unknown[] = validate(this.#schema, document)
    return errors.length > 0 ? errors : document
  }
}
