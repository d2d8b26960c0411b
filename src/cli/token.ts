import { SignJWT } from 'jose'
import { patternProblem } from '../access/patterns.ts'
import { SETTINGS } from '../config/settings.ts'
import { CommandFailure, EXIT, type Terminal } from './terminal.ts'

export interface TokenCommand {
  readonly subscribe?: readonly string[]
  readonly push?: readonly string[]
  readonly admin?: boolean
  readonly subject?: string
  readonly expires?: string
  readonly jwtSecret?: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: string
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const DEFAULT_EXPIRES = '1h'

/** Prints a token that a gateway with the same secret takes: for trying things out, and for tests. */
export async function token(terminal: Terminal, options: TokenCommand): Promise<number> {
  const { subscribe = [], push = [], admin = false } = options
  checkPatterns('--subscribe', subscribe)
  checkPatterns('--push', push)
  const secret = new TextEncoder().encode(secretOf(options, terminal.env))
  const signing = new SignJWT({ cloudpush: { subscribe, push, admin } })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(options.subject ?? subjectOf(subscribe))
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1_000) + secondsOf(options.expires ?? DEFAULT_EXPIRES))
  const issuer = options.jwtIssuer ?? terminal.env['CLOUDPUSH_JWT_ISSUER']
  const audience = options.jwtAudience ?? terminal.env['CLOUDPUSH_JWT_AUDIENCE']
  if (issuer) signing.setIssuer(issuer)
  if (audience) signing.setAudience(audience)
  terminal.stdout.write(`${await signing.sign(secret)}\n`)
  return EXIT.done
}

/** Whoever may subscribe to one identifier is most likely the one of that name. */
function subjectOf(subscribe: readonly string[]): string {
  return subscribe.find((pattern) => !pattern.includes('*')) ?? 'test'
}

function checkPatterns(flag: string, patterns: readonly string[]): void {
  for (const pattern of patterns) {
    const problem = patternProblem(pattern)
    if (problem !== null) throw new CommandFailure(`${flag}: "${pattern}" ${problem}.`, EXIT.usage)
  }
}

function secretOf({ jwtSecret }: TokenCommand, env: Terminal['env']): string {
  const given = jwtSecret ?? env['CLOUDPUSH_JWT_SECRET']
  if (!given) {
    throw new CommandFailure(
      'The secret that the gateway checks tokens with is missing: set CLOUDPUSH_JWT_SECRET, or give --jwt-secret @file.',
      EXIT.usage,
    )
  }
  const parsed = SETTINGS.jwtSecret.schema.safeParse(given)
  if (parsed.success && parsed.data !== null) return parsed.data
  throw new CommandFailure(`The secret ${parsed.error?.issues[0]?.message ?? 'is wrong'}.`, EXIT.usage)
}

/** `90s`, `15m`, `1h`, `30d` in seconds. */
function secondsOf(given: string): number {
  const [, number, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(given) ?? []
  if (number === undefined || unit === undefined) {
    throw new CommandFailure(`--expires takes 90s, 15m, 1h or 30d, not "${given}".`, EXIT.usage)
  }
  return Number(number) * UNITS[unit as keyof typeof UNITS]
}
