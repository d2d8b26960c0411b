import { randomUUID } from 'node:crypto'
import type { ExecutionResult } from 'graphql'
import { fromBytes, toBytes } from '../../delivery/frame.ts'
import type { Hub } from '../../delivery/hub.ts'
import type { Session, Transport } from '../../delivery/session.ts'
import type { Subscription } from '../../delivery/subscription.ts'

/** A result that is JSON text already; Yoga's SSE writer asks for just that. */
interface RenderedResult extends ExecutionResult {
  readonly stringify: () => string
}

/** The results of one operation over SSE, where each operation is a session of its own. */
export function resultsOf(
  hub: Hub,
  subject: string | null,
  subscribe: (session: Session) => Subscription,
): AsyncIterableIterator<RenderedResult> {
  const queue = new ResultQueue()
  const details = {
    id: randomUUID(),
    subject,
    clientKey: null,
    relayId: null,
    remoteAddress: null,
    userAgent: null,
    connectedAt: Date.now(),
  }
  const session = hub.open(details, queue)
  const end = async () => {
    queue.end()
    await hub.close(session, { code: null, reason: 'the event stream ended' })
    return { done: true, value: undefined } as const
  }
  try {
    void subscribe(session)
      .ended()
      .then(() => queue.end())
  } catch (error) {
    void end()
    throw error
  }
  return iterable<RenderedResult>({ next: () => queue.next(), return: end })
}

/** The transport of an SSE session: results wait until Yoga's stream asks for the next one. */
class ResultQueue implements Transport {
  readonly proves = false
  readonly writer = null
  bufferedBytes = 0
  readonly #waiting: string[] = []
  #ended = false
  #taker: ((result: IteratorResult<RenderedResult, undefined>) => void) | null = null
  #drained: (() => void) | null = null

  envelope() {
    return { before: '', after: '' }
  }

  write(bytes: string): void {
    if (this.#ended) return
    if (this.#taker) {
      this.#taker({ done: false, value: rendered(bytes) })
      this.#taker = null
      return
    }
    this.#waiting.push(bytes)
    this.bufferedBytes += bytes.length
  }

  next(): Promise<IteratorResult<RenderedResult, undefined>> {
    const bytes = this.#waiting.shift()
    if (bytes === undefined) {
      if (this.#ended) return Promise.resolve({ done: true, value: undefined })
      return new Promise((resolve) => {
        this.#taker = resolve
      })
    }
    this.bufferedBytes -= bytes.length
    if (this.#waiting.length === 0 && this.#drained) {
      // After this result has been handed over: what is read on goes behind it.
      queueMicrotask(this.#drained)
      this.#drained = null
    }
    return Promise.resolve({ done: false, value: rendered(bytes) })
  }

  end(): void {
    this.#ended = true
    this.#taker?.({ done: true, value: undefined })
    this.#taker = null
  }

  onceDrained(callback: () => void): void {
    this.#drained = callback
  }

  askProof(): void {
    // Server-sent events have no way back.
  }

  announceLive(): void {
    // There is no ping in this protocol.
  }

  disconnect(reason: string | null): void {
    const errors = [{ message: reason ?? 'Disconnected by an operator.', extensions: { code: 'FORBIDDEN' } }]
    this.write(toBytes(JSON.stringify({ errors })))
    this.end()
  }
}

function rendered(bytes: string): RenderedResult {
  const text = fromBytes(bytes)
  return { stringify: () => text }
}

function iterable<T>(methods: {
  next: () => Promise<IteratorResult<T, undefined>>
  return: () => Promise<IteratorResult<T, undefined>>
}): AsyncIterableIterator<T> {
  return {
    ...methods,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
