import { readSecret, splitKeys } from '../config/secrets.ts'
import { CommandFailure, EXIT, type Terminal } from './terminal.ts'

/** What a hand tool says who it is with. */
export interface CredentialOptions {
  readonly token?: string
  readonly apiKey?: string
}

export const TOKEN_HELP = 'a token, or @ and the file that has it (default: CLOUDPUSH_TOKEN)'
export const API_KEY_HELP = 'an API key, or @ and the file that has it (default: CLOUDPUSH_API_KEY)'

/** The same credentials as both transports take them. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly connectionParams: Readonly<Record<string, string>>
}

/** From the options, else from the variables; what was said outright is stronger, and a token than a key. */
export function credentialsOf({ token, apiKey }: CredentialOptions, env: Terminal['env']): Credentials {
  const fromEnv = token === undefined && apiKey === undefined
  const givenToken = fromEnv ? env['CLOUDPUSH_TOKEN'] : token
  const givenKey = fromEnv ? env['CLOUDPUSH_API_KEY'] : apiKey
  if (givenToken) {
    const authorization = `Bearer ${read('--token', givenToken)}`
    return { headers: { authorization }, connectionParams: { authorization } }
  }
  // A gateway may have several; any of them will do.
  const [key] = givenKey ? splitKeys(read('--api-key', givenKey)) : []
  if (key === undefined) return { headers: {}, connectionParams: {} }
  return { headers: { 'x-api-key': key }, connectionParams: { apiKey: key } }
}

function read(flag: string, given: string): string {
  try {
    const { text } = readSecret(given)
    // It goes into a header: what cannot stand there is a mistake in copying.
    if (/^[\x21-\x7e][\x20-\x7e]*$/.test(text)) return text
  } catch {
    throw new CommandFailure(`${flag} names a file, after the @, that cannot be read.`, EXIT.usage)
  }
  throw new CommandFailure(`${flag} must be one line of printable characters.`, EXIT.usage)
}
