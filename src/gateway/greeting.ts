import { mutationFieldsOf } from './mutation.ts'

/** Cheap to look for: few operations have it. */
const RENEWAL = 'authenticate'

interface Init {
  readonly payload?: Readonly<Record<string, unknown>> | null
}

/**
 * What a session says first to each of its homes: its client's `connection_init`, with the token that the client has
 * renewed since (`mutation { authenticate(token:) }`), once a replica has taken it.
 */
export class Greeting {
  #text: string | null = null
  /** By operation, the token that its answer decides about; null: none is under way. */
  #renewals: Map<string, string> | null = null

  /** Null: the client has not said it. */
  get text(): string | null {
    return this.#text
  }

  /** Answers are to be shown to `answered`. */
  get renewing(): boolean {
    return this.#renewals !== null
  }

  said(connectionInit: string): void {
    this.#text = connectionInit
  }

  /** The client asks for an operation; `message` is its `subscribe`. */
  asked(operationId: string, message: string): void {
    if (!message.includes(RENEWAL)) return
    const field = mutationFieldsOf(message)?.findLast(({ name }) => name === RENEWAL)
    const token = field?.argument('token')
    if (typeof token !== 'string') return
    this.#renewals ??= new Map()
    this.#renewals.set(operationId, token)
  }

  /** Nobody waits for its answer any more. */
  ended(operationId: string): void {
    this.#renewals?.delete(operationId)
    if (this.#renewals?.size === 0) this.#renewals = null
  }

  /** A `next`, an `error` or a `complete` for an operation. Where it refuses the token, the former one stays. */
  answered(operationId: string, message: string): void {
    const token = this.#renewals?.get(operationId)
    if (token === undefined || this.#text === null) return
    this.ended(operationId)
    const { type, payload } = JSON.parse(message) as { type: string; payload?: { errors?: unknown } }
    if (type !== 'next' || payload?.errors !== undefined) return
    const init = JSON.parse(this.#text) as Init
    // Either spelling is understood; there must be only one of them.
    const { Authorization: _former, ...others } = init.payload ?? {}
    this.#text = JSON.stringify({ ...init, payload: { ...others, authorization: `Bearer ${token}` } })
  }
}
