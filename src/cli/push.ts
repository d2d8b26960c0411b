import { text } from 'node:stream/consumers'
import type { CredentialOptions } from './credentials.ts'
import { gatewayTarget, request } from './endpoint.ts'
import { CommandFailure, EXIT, type Printed, styled, type Terminal } from './terminal.ts'

const MUTATION = `mutation Push($input: PushInput!) {
  push(input: $input) { id accepted offline duplicate deliverAt }
}`

export interface PushResult {
  readonly id: string
  readonly accepted: number
  readonly offline: readonly string[]
  readonly duplicate: boolean
  readonly deliverAt: string | null
}

export interface PushCommand extends CredentialOptions {
  readonly url?: string
  readonly json?: boolean
  readonly everyone?: boolean
  readonly id?: string
  readonly delay?: string
  readonly ttl?: string
}

/** Pushes one payload and says what became of it. */
export async function push(
  terminal: Terminal,
  words: readonly string[],
  options: PushCommand,
): Promise<number> {
  const target = gatewayTarget(options, terminal.env)
  const { to, payload } = await understand(terminal, words, options.everyone === true)
  const input = {
    ...(options.everyone ? { everyone: true } : { to }),
    payload,
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.delay === undefined ? {} : { delaySeconds: wholeSeconds('--delay', options.delay) }),
    ...(options.ttl === undefined ? {} : { ttlSeconds: wholeSeconds('--ttl', options.ttl) }),
  }
  const { push: result } = await request<{ push: PushResult }>(target, MUTATION, { input })
  if (options.json) terminal.stdout.write(`${JSON.stringify(result)}\n`)
  else terminal.stdout.write(`${describePush(terminal, result, options.everyone === true)}\n`)
  return EXIT.done
}

/** Which words are identifiers, and where the payload is: the last word, or stdin. */
async function understand(terminal: Terminal, words: readonly string[], everyone: boolean) {
  const last = words.at(-1)
  const wanted = everyone ? 0 : 1
  const piped = last === '-' || (words.length === wanted && !terminal.stdin.isTTY)
  const to = last === '-' || !piped ? words.slice(0, -1) : words
  if (everyone && to.length > 0) {
    throw new CommandFailure('With --everyone only the payload is given, no identifiers.', EXIT.usage)
  }
  if (!everyone && to.length === 0) {
    const example = `cloudpush push alice '{"text":"hi"}'`
    throw new CommandFailure(`Say to whom, and what: ${example}`, EXIT.usage)
  }
  if (piped) return { to, payload: parsePayload(await text(terminal.stdin), 'What came from stdin') }
  const hint = terminal.stdin.isTTY ? '' : ' To read it from stdin, end with -.'
  return { to, payload: parsePayload(last ?? '', `The payload ${last}`, hint) }
}

function parsePayload(source: string, name: string, hint = ''): unknown {
  try {
    return JSON.parse(source) as unknown
  } catch (error) {
    const bare = /^[\w .!?-]+$/.test(source) ? ` For a text, quote it twice: '"${source}"'.` : ''
    throw new CommandFailure(`${name} is no JSON: ${(error as Error).message}.${bare}${hint}`, EXIT.usage)
  }
}

function wholeSeconds(flag: string, given: string): number {
  if (/^\d+$/.test(given)) return Number(given)
  throw new CommandFailure(`${flag} takes a whole number of seconds, not "${given}".`, EXIT.usage)
}

/** One line for a person: what became of the push, and whom nobody listened for. */
export function describePush({ stdout, env }: Printed, result: PushResult, everyone: boolean): string {
  const { id, accepted, offline, duplicate, deliverAt } = result
  const whom = everyone ? 'everyone' : accepted === 1 ? '1 identifier' : `${accepted} identifiers`
  const what = duplicate ? 'was pushed before' : deliverAt ? `goes out at ${deliverAt}` : 'pushed'
  const rest = offline.length === 0 || everyone ? '' : `; offline: ${offline.join(', ')}`
  const head = duplicate || deliverAt ? `${id} ${what}, to ${whom}` : `${what} ${id} to ${whom}`
  return `${styled(stdout, env, 'green', head)}${rest}`
}
