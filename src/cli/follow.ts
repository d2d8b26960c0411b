import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { CLOSE_CODES } from '../close-codes.ts'
import type { GatewayTarget } from './endpoint.ts'
import { CommandFailure, EXIT, refusal, styled, type Terminal } from './terminal.ts'

const LONGEST_RETRY_WAIT_SECONDS = 10
const GOODBYE_LIMIT_MS = 1_000 // 1 second

export interface Following<T> {
  readonly target: Pick<GatewayTarget, 'ws' | 'connectionParams'>
  readonly query: string
  readonly variables?: Record<string, unknown>
  /** Said when the gateway answers that the subscription is live. */
  readonly live?: string
  /** Takes one result; true when that was enough. */
  readonly next: (data: T) => boolean
}

/**
 * Follows one subscription with the stock client, whatever happens to the connection, and says on stderr what happens.
 * Resolves when `next` had enough, when the gateway completed the operation, on SIGINT or SIGTERM, and when nobody reads
 * stdout any more (`| head -1`); rejects with a `CommandFailure` when the gateway answers with an error or closes for good.
 */
export async function follow<T extends Record<string, unknown>>(
  terminal: Terminal,
  { target, query, variables = {}, live, next }: Following<T>,
): Promise<void> {
  const { client, leave } = connect(terminal, target, live)
  let unsubscribe = () => {}
  let stop = () => {}
  try {
    // Not the client's own iterator: while that waits for its next attempt to connect, it cannot be ended.
    await new Promise<void>((resolve, reject) => {
      let over = false
      stop = resolve
      process.once('SIGINT', stop).once('SIGTERM', stop)
      terminal.stdout.once('error', stop)
      unsubscribe = client.subscribe<T>(
        { query, variables },
        {
          next: ({ data, errors }) => {
            // What else comes in the same turn as the last message that was wanted is not shown.
            if (over) return
            if (errors?.[0]) reject(refusal(errors))
            else if (data && next(data)) {
              over = true
              resolve()
            }
          },
          error: (error) => reject(Array.isArray(error) ? refusal(error) : closedForGood(error)),
          complete: resolve,
        },
      )
    })
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    terminal.stdout.off('error', stop)
    await leave(unsubscribe)
  }
}

/** The stock client with the options that it documents for this, telling what becomes of its connection. */
function connect(
  terminal: Terminal,
  { ws: url, connectionParams }: Following<unknown>['target'],
  live: string | undefined,
) {
  const say = (text: string) =>
    terminal.stderr.write(`${styled(terminal.stderr, terminal.env, 'dim', text)}\n`)
  let state: 'new' | 'connected' | 'lost' | 'leaving' = 'new'
  const lose = (detail: string) => {
    if (state === 'connected') say(`connection to ${url} lost (${detail}); trying again …`)
    else if (state === 'new') say(`${url} cannot be reached (${detail}); trying again …`)
    if (state !== 'leaving') state = 'lost'
  }
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams,
    // What it says of itself is the same the next time, so it would be refused again.
    shouldRetry: (event) => (event as { code?: number }).code !== CLOSE_CODES.FORBIDDEN.code,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait,
    on: {
      connected: () => {
        say(state === 'lost' ? 'connected again' : `connected to ${url}`)
        state = 'connected'
      },
      // A protocol ping that names operations says that they are live.
      ping: (_received, payload) => {
        if (live !== undefined && payload && 'live' in payload) say(live)
      },
      error: (event) => {
        const { message, error } = event as { message?: string; error?: NodeJS.ErrnoException }
        lose(message || error?.code || 'no connection')
      },
      closed: (event) => {
        const { code, reason } = event as { code?: number; reason?: string }
        lose(`${code}${reason ? ` ${reason}` : ''}`)
      },
    },
  })
  /** Resolves when the close is through: were the process to end before, the gateway would wait for us to come back. */
  const leave = async (unsubscribe: () => void) => {
    const connected = state === 'connected'
    state = 'leaving'
    unsubscribe()
    if (!connected) return
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, GOODBYE_LIMIT_MS)
      client.on('closed', () => {
        clearTimeout(limit)
        resolve()
      })
    })
  }
  return { client, leave }
}

/** The client's own back-off, but never longer than a person would wait. */
async function retryWait(retries: number): Promise<void> {
  const seconds = Math.min(2 ** retries, LONGEST_RETRY_WAIT_SECONDS) + Math.random()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
}

function closedForGood(event: unknown): CommandFailure {
  const { message, code, reason } = event as { message?: string; code?: number; reason?: string }
  return new CommandFailure(`The gateway ended the connection: ${reason || message || code}`, EXIT.refused)
}
