import type { CredentialOptions } from './credentials.ts'
import { gatewayTarget } from './endpoint.ts'
import { follow } from './follow.ts'
import { CommandFailure, EXIT, type Printed, styled, type Terminal } from './terminal.ts'

const SUBSCRIPTION = `subscription Listen($identifiers: [ID!]!, $after: [String!]) {
  messages(identifiers: $identifiers, after: $after) {
    id identifier payload cursor from trigger pushedAt redelivered missed
  }
}`

export interface ListenedMessage {
  readonly id: string
  readonly identifier: string
  readonly payload: unknown
  readonly cursor: string
  readonly from: string | null
  readonly pushedAt: string
  readonly redelivered: boolean
  readonly missed: number | null
}

export interface ListenCommand extends CredentialOptions {
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
  const target = gatewayTarget(options, terminal.env)
  const most = wantedCount(options.count)
  let had = 0
  await follow<{ messages: ListenedMessage }>(terminal, {
    target,
    query: SUBSCRIPTION,
    variables: { identifiers, after: options.after ?? null },
    live: `listening to ${identifiers.join(', ')}`,
    next: ({ messages: message }) => {
      const line = options.json ? JSON.stringify(message) : describeMessage(terminal, message)
      terminal.stdout.write(`${line}\n`)
      had++
      return had >= most
    },
  })
  return EXIT.done
}

function wantedCount(given: string | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw new CommandFailure(`--count takes a whole number from 1, not "${given}".`, EXIT.usage)
}

/** One line for a person: the time (UTC), the identifier, the payload, and what is to be known of its way. */
export function describeMessage({ stdout, env }: Printed, message: ListenedMessage): string {
  const marks = [message.redelivered ? 'again' : '', missedMark(message.missed)].filter(Boolean)
  const note = marks.length > 0 ? styled(stdout, env, 'yellow', `  (${marks.join('; ')})`) : ''
  const time = styled(stdout, env, 'dim', message.pushedAt.slice(11, 23))
  const identifier = styled(stdout, env, 'cyan', message.identifier)
  return `${time} ${identifier} ${JSON.stringify(message.payload)}${note}`
}

function missedMark(missed: number | null): string {
  if (missed === null) return 'nobody knows how many were lost before it'
  if (missed === 0) return ''
  return missed === 1 ? '1 was lost before it' : `${missed} were lost before it`
}
