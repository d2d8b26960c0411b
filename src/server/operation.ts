import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  OperationTypeNode,
} from 'graphql'
import type { Principal } from '../access/principal.ts'
import type { Hub } from '../delivery/hub.ts'
import type { Session } from '../delivery/session.ts'
import type { Subscription } from '../delivery/subscription.ts'
import { badUserInput } from '../errors.ts'
import type { OperationOrigin, SessionAccess } from '../graphql/context.ts'
import type { OperationParams, OperationRunner } from '../graphql/operation-runner.ts'
import { toPublicError } from '../graphql/plugins/errors.ts'
import type { Trial } from '../graphql/trial.ts'
import type { Log } from '../observability/log.ts'
import type { AccessOfSession } from './session-access.ts'

/** What all operations of a replica share. */
export interface OperationServices {
  readonly hub: Hub
  readonly runner: OperationRunner
  readonly log: Log
  readonly config: { readonly maxSubscriptionsPerSession: number }
}

/** The conversation that an operation is part of, as far as operations need it. */
export interface OperationSurroundings {
  readonly services: OperationServices
  readonly session: Session
  readonly access: AccessOfSession
  /** Where the session may stay only if it resumes; null for all others. */
  readonly trial: Trial | null
  /** Subscriptions of this session that have begun, of whatever field. */
  readonly subscriptions: number
  send(message: object): void
}

/**
 * One operation, from its `subscribe` on; also its own origin, as resolvers see it.
 *
 *     PREPARING ──one result, or errors─────────────────────────▶ OVER
 *         ├──it yields results──▶ STREAMING ──its end, an error──▶ OVER
 *         └──its results are written by the hub──▶ DELIVERED
 *     any ──completed by its client, or its session is gone──▶ OVER
 *
 * Once it is over it sends nothing more, and whatever it still comes by is given back: its id may be another one's by
 * then. When it is delivered by the hub nobody keeps this object: an idle subscription is the hub's alone.
 */
export class Operation implements OperationOrigin {
  readonly trigger = 'WEBSOCKET'
  readonly traceparent = null
  readonly operationId: string
  readonly #surroundings: OperationSurroundings
  #results: AsyncIterator<ExecutionResult> | null = null
  /** It counts as one of the session's subscriptions. */
  subscribes = false
  over = false
  delivery: Subscription | null = null

  constructor(operationId: string, surroundings: OperationSurroundings) {
    this.operationId = operationId
    this.#surroundings = surroundings
  }

  get principal(): Principal {
    return this.#surroundings.access.principal
  }

  get access(): SessionAccess {
    return this.#surroundings.access
  }

  get session(): Session {
    return this.#surroundings.session
  }

  get address(): string | null {
    return this.session.details.remoteAddress
  }

  get trial(): Trial | null {
    return this.#surroundings.trial
  }

  /** Resolves when nothing is left to do here. Never rejects: what goes wrong ends this operation, and nothing else. */
  async run(params: OperationParams): Promise<void> {
    try {
      await this.#run(params)
    } catch (error) {
      this.#fail([toPublicError(error, this.#surroundings.services.log)])
    }
  }

  /** Its client has completed it, or is gone. */
  end(): void {
    if (this.over) return
    this.over = true
    this.#results?.return?.().catch(() => {
      // It ends without an answer: nobody is left to be told why it could not end well.
    })
    if (this.delivery) this.#giveUp(this.delivery)
  }

  async #run(params: OperationParams): Promise<void> {
    const { runner } = this.#surroundings.services
    const prepared = runner.prepare(this, params)
    if (!('schema' in prepared)) return this.#fail(prepared)
    const args = prepared as ExecutionArgs
    const definition = getOperationAST(args.document, args.operationName)
    if (!definition) throw new GraphQLError('Unable to identify operation')
    if (definition.operation !== OperationTypeNode.SUBSCRIPTION)
      return this.#answer(await runner.execute(args))
    this.#admit()
    const result = await runner.subscribe(args)
    if (this.delivery) {
      if (this.over) this.#giveUp(this.delivery)
    } else if (Symbol.asyncIterator in result) await this.#stream(result[Symbol.asyncIterator]())
    else if (result.errors) this.#fail(result.errors)
    else this.#answer(result)
  }

  /**
   * Queries and mutations do not count: a client that sends all it has after a reconnect must not lose a subscription
   * because a mutation was faster.
   */
  #admit(): void {
    const { services, subscriptions } = this.#surroundings
    const most = services.config.maxSubscriptionsPerSession
    if (subscriptions >= most) {
      throw badUserInput(
        `A session has at most ${most} subscriptions at once; name several identifiers in one.`,
      )
    }
    this.subscribes = true
  }

  async #stream(results: AsyncIterator<ExecutionResult>): Promise<void> {
    this.#results = results
    if (this.over) return void (await results.return?.())
    for (let step = await results.next(); !step.done && !this.over; step = await results.next()) {
      this.#next(step.value)
    }
    this.#send({ id: this.operationId, type: 'complete' })
  }

  #answer(result: ExecutionResult): void {
    this.#next(result)
    this.#send({ id: this.operationId, type: 'complete' })
  }

  #next(payload: ExecutionResult): void {
    this.#send({ id: this.operationId, type: 'next', payload })
  }

  /** No `complete` follows it. */
  #fail(payload: readonly GraphQLError[]): void {
    this.#send({ id: this.operationId, type: 'error', payload })
  }

  #send(message: object): void {
    if (!this.over) this.#surroundings.send(message)
  }

  #giveUp(delivery: Subscription): void {
    const { services, session } = this.#surroundings
    // What ends with its socket stays resumable, what its client completes does not.
    void services.hub.unsubscribe(delivery, !session.closed)
  }
}
