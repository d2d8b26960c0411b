/** Handles one protocol message; for a `subscribe`, resolves when graphql-ws is done with the operation. */
type Handle = (text: string) => Promise<void>

/**
 * Lets a client use an operation id again at once, as the protocol allows. graphql-ws keeps operations by id, and is
 * done with one only some turns after its client completed it:
 *
 *     complete(1), subscribe(1): the end of the former operation finds the id taken, so it sends `complete` to the
 *     client and forgets the id: to both sides the new operation is over, though it goes on to receive.
 *     subscribe(1), complete(1), subscribe(1): the first, not live yet, finds the id taken and begins after all.
 *
 * So whatever names the id of an operation that its client has completed waits until graphql-ws is done with it.
 */
export class OperationTurns {
  readonly #handle: Handle
  /** Operations that graphql-ws is not done with, by id. */
  readonly #running = new Map<string, Promise<void>>()
  /** Those among them that their client has completed. */
  readonly #ending = new Map<string, Promise<void>>()
  #begun: string | null = null

  constructor(handle: Handle) {
    this.#handle = handle
  }

  /** Called from within the handling of a `subscribe`, before it first waits for anything. */
  begins(operationId: string): void {
    this.#begun = operationId
  }

  /**
   * Rejects as `handle` does. Not an async function, and nothing in it keeps the text: it would be kept for as long as
   * the operation lives.
   */
  receive(text: string): Promise<void> {
    // Most messages are parsed by graphql-ws alone.
    const message = this.#ending.size > 0 || text.includes('"complete"') ? parse(text) : null
    const former = message && this.#ending.get(message.id)
    if (former) return former.then(() => this.receive(text))
    const running = message?.type === 'complete' ? this.#running.get(message.id) : undefined
    if (message && running) this.#ending.set(message.id, running)
    this.#begun = null
    const handled = this.#handle(text)
    if (this.#begun !== null) this.#track(this.#begun, handled)
    return handled
  }

  #track(operationId: string, handled: Promise<void>): void {
    const ended: Promise<void> = handled
      .catch(() => {})
      .then(() => {
        if (this.#running.get(operationId) !== ended) return
        this.#running.delete(operationId)
        this.#ending.delete(operationId)
      })
    this.#running.set(operationId, ended)
  }
}

/** Null where it is no message that names an operation; graphql-ws says what is wrong with it. */
function parse(text: string): { readonly type: unknown; readonly id: string } | null {
  try {
    const message = JSON.parse(text) as { readonly type?: unknown; readonly id?: unknown } | null
    return typeof message?.id === 'string' ? { type: message.type, id: message.id } : null
  } catch {
    return null
  }
}
