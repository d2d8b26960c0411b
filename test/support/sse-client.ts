import { Arrivals } from './arrivals.ts'
import type { GatewayAddress } from './gateway.ts'
import type { GraphQLAnswer } from './graphql-request.ts'

export interface ServerSentEvent {
  readonly event: string
  /** The data, parsed; null where there are none. */
  readonly data: unknown
}

/** One operation over server-sent events ("distinct connections"), by fetch. Disposing goes away without a word. */
export class SseClient implements AsyncDisposable {
  readonly status: number
  readonly contentType: string
  readonly #abort: AbortController
  readonly #events = new Arrivals<ServerSentEvent>('event')
  readonly #read: Promise<void>
  #text = ''

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status
    this.contentType = response.headers.get('content-type') ?? ''
    this.#abort = abort
    this.#read = this.#readAll(response)
  }

  /** Starts an operation by POST; resolves when the response begins. */
  static open(
    gateway: GatewayAddress,
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
    credentials: Readonly<Record<string, string>> = {},
  ): Promise<SseClient> {
    const body = JSON.stringify({ query, variables })
    return SseClient.request(gateway.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credentials },
      body,
    })
  }

  static async request(url: string, init: RequestInit = {}): Promise<SseClient> {
    const abort = new AbortController()
    const headers = { ...(init.headers as Record<string, string> | undefined), accept: 'text/event-stream' }
    return new SseClient(await fetch(url, { ...init, headers, signal: abort.signal }), abort)
  }

  /** The first event of this name that no one has taken yet; waits for it. */
  expect(event: string): Promise<ServerSentEvent> {
    return this.#events.take(`event ${JSON.stringify(event)}`, (arrived) => arrived.event === event)
  }

  /** The next result; waits for it. */
  async next<T = Record<string, unknown>>(): Promise<GraphQLAnswer<T>> {
    return (await this.expect('next')).data as GraphQLAnswer<T>
  }

  /** The response has ended, at whichever end; waits for it. Answers the events that nobody took. */
  async ended(): Promise<readonly ServerSentEvent[]> {
    await this.#events.within('end of the response', this.#read)
    return this.#events.left
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not waited for: fetch of Node 20 leaves a read pending for ever that is aborted while more data have come.
    this.#events.end('this client has gone away')
    this.#abort.abort()
  }

  async #readAll(response: Response): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) this.#take(decoder.decode(chunk, { stream: true }))
      this.#events.end('the response has ended')
    } catch (error) {
      this.#events.end(`the response was cut: ${error}`)
    }
  }

  /** Events end with an empty line; a line that begins with a colon is a comment (WHATWG HTML §9.2.6). */
  #take(text: string): void {
    this.#text += text
    const blocks = this.#text.split(/\r?\n\r?\n/)
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith(':'))
      if (lines.length === 0) continue
      const field = (name: string) =>
        lines.flatMap((line) =>
          line.startsWith(`${name}:`) ? [line.slice(name.length + 1).replace(/^ /, '')] : [],
        )
      const data = field('data').join('\n')
      this.#events.add({
        event: field('event').at(-1) ?? 'message',
        data: data === '' ? null : (JSON.parse(data) as unknown),
      })
    }
  }
}
