import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { gatewayUrls } from './endpoint.ts'
import { CommandFailure, EXIT, styled, type Terminal } from './terminal.ts'

const SUBSCRIPTION = `subscription Listen($identifiers: [ID!]!, $after: [String!]) {
  messages(identifiers: $identifiers, after: $after) {
    id identifier payload cursor from trigger pushedAt redelivered missed
  }
}`

interface ListenedMessage {
  readonly id: string
  readonly identifier: string
  readonly payload: unknown
  readonly cursor: string
  readonly from: string | null
  readonly pushedAt: string
  readonly redelivered: boolean
  readonly missed: number | null
}

export interface ListenCommand {
  readonly url?: string
  readonly json?: boolean
  readonly count?: string
  readonly after?: readonly string[]
}

/** Prints messages until it is interrupted, has had `count`, or the gateway ends the operation with an error. */
export async function listen(
  terminal: Terminal,
  identifiers: readonly string[],
  options: ListenCommand,
): Promise<number> {
  const { ws: url } = gatewayUrls(options.url, terminal.env)
  const most = wantedCount(options.count)
  const say = (text: string) =>
    terminal.stderr.write(`${styled(terminal.stderr, terminal.env, 'dim', text)}\n`)
  let lost = false
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    on: {
      connected: () => {
        say(lost ? 'connected again' : `connected to ${url}`)
        lost = false
      },
      // A protocol ping that names operations says that they are live.
      ping: (_received, payload) => {
        if (payload && 'live' in payload) say(`listening to ${identifiers.join(', ')}`)
      },
      closed: (event) => {
        const { code, reason } = event as { code?: number; reason?: string }
        if (code === 1000) return
        if (!lost) say(`connection to ${url} lost${reason ? ` (${code} ${reason})` : ''}; trying again …`)
        lost = true
      },
      error: () => {
        if (!lost) say(`${url} cannot be reached; trying again …`)
        lost = true
      },
    },
  })
  const interrupted = new AbortController()
  const stop = () => interrupted.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const messages = client.iterate<{ messages: ListenedMessage }>({
    query: SUBSCRIPTION,
    variables: { identifiers, after: options.after ?? null },
  })
  interrupted.signal.addEventListener('abort', () => void messages.return?.())
  let had = 0
  try {
    for await (const { data, errors } of messages) {
      if (errors?.[0]) throw errors
      if (!data) continue
      terminal.stdout.write(
        `${options.json ? JSON.stringify(data.messages) : describe(terminal, data.messages)}\n`,
      )
      if (++had >= most) break
    }
  } catch (error) {
    throw failure(error)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await client.dispose()
  }
  return EXIT.done
}

function wantedCount(given: string | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw new CommandFailure(`--count takes a whole number from 1, not "${given}".`, EXIT.usage)
}

function failure(error: unknown): CommandFailure {
  const [first] = Array.isArray(error) ? (error as { message: string; extensions?: { code?: string } }[]) : []
  if (first) return new CommandFailure(`${first.extensions?.code ?? 'ERROR'}: ${first.message}`, EXIT.refused)
  const { message, code, reason } = error as { message?: string; code?: number; reason?: string }
  return new CommandFailure(`The gateway ended the connection: ${reason || message || code}`, EXIT.refused)
}

function describe({ stdout, env }: Terminal, message: ListenedMessage): string {
  const time = message.pushedAt.slice(11, 23)
  const marks = [
    message.redelivered ? 'again' : '',
    message.missed === null
      ? 'some were lost before it'
      : message.missed > 0
        ? `${message.missed} were lost before it`
        : '',
  ].filter(Boolean)
  const note = marks.length > 0 ? styled(stdout, env, 'yellow', `  (${marks.join('; ')})`) : ''
  const head = `${styled(stdout, env, 'dim', time)} ${styled(stdout, env, 'cyan', message.identifier)}`
  return `${head} ${JSON.stringify(message.payload)}${note}`
}
