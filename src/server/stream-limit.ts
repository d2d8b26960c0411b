import { type DocumentNode, getOperationAST, OperationTypeNode } from 'graphql'
import { badUserInput } from '../errors.ts'

/** An operation that is about to begin. */
interface Beginning {
  readonly id: string
  readonly document: DocumentNode
  readonly operationName: string | null
}

/**
 * How many subscriptions one session may have, of whatever field. Queries and mutations do not count: a client that
 * sends all it has after a reconnect must not lose a subscription because a mutation was faster.
 */
export class StreamLimit {
  readonly #most: number
  /** Ids of subscriptions; those that have ended are dropped when the next operation begins. */
  readonly #streams = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  /** Counts an operation in, given those under way by id. Throws `BAD_USER_INPUT` where it is one too many. */
  admit({ id, document, operationName }: Beginning, underWay: Readonly<Record<string, unknown>>): void {
    this.#streams.delete(id)
    for (const each of this.#streams) if (!(each in underWay)) this.#streams.delete(each)
    if (getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) return
    if (this.#streams.size >= this.#most) {
      throw badUserInput(
        `A session has at most ${this.#most} subscriptions at once; name several identifiers in one.`,
      )
    }
    this.#streams.add(id)
  }
}
