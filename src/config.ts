import { closest } from './config/closest.ts'
import type { Setting } from './config/setting.ts'
import { SETTINGS, type ServiceCommand, type SettingName, settingsOf } from './config/settings.ts'

/** Everything that can be set, checked. Names carry their unit; see `config/settings.ts` for meaning and range. */
export type Config = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never
}

const NAMES = Object.keys(SETTINGS) as SettingName[]
const PREFIX = 'CLOUDPUSH_'
/** Variables of ours that are not settings of a replica: the hand tools read them. */
const OTHER_VARIABLES = ['CLOUDPUSH_URL', 'CLOUDPUSH_TOKEN']

export const defaultConfig: Config = Object.fromEntries(
  NAMES.map((name) => [name, SETTINGS[name].fallback]),
) as unknown as Config

/** `retentionSeconds` → `CLOUDPUSH_RETENTION_SECONDS`. */
export function variableOf(name: SettingName): string {
  return PREFIX + SETTINGS[name].flag.replaceAll('-', '_').toUpperCase()
}

export interface ConfigSource {
  /** Default: `start`. */
  readonly command?: ServiceCommand
  /** Values of flags by setting, as text; a switch that is given is `'true'`. */
  readonly flags: Partial<Record<SettingName, string>>
  /** What else stood on the command line. */
  readonly unknownFlags?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export type ParsedConfig = { readonly config: Config } | { readonly problems: readonly string[] }

/**
 * Reads all settings and checks all of them: either a whole configuration, or every problem there is, one line each.
 * A flag is stronger than our variable, which is stronger than a common one (`PORT`, `HOST`, `REDIS_URL`).
 */
export function parseConfig({
  command = 'start',
  flags,
  unknownFlags = [],
  env,
}: ConfigSource): ParsedConfig {
  const problems = [...unknownFlags.map((flag) => unknownFlag(flag, command)), ...unknownVariables(env)]
  const values: Record<string, unknown> = {}
  const own = settingsOf(command)
  for (const name of NAMES) {
    const setting: Setting = SETTINGS[name]
    // Several commands may run in one environment: a variable that is not for this one is not looked at.
    const given = findGiven(name, flags, own.includes(name) ? env : {})
    const parsed = given ? setting.schema.safeParse(given.text) : null
    values[name] = parsed?.success ? parsed.data : setting.fallback
    if (!given || !parsed || parsed.success) continue
    const must = parsed.error.issues[0]?.message ?? 'is wrong'
    problems.push(`${given.from} ${must}${setting.secret ? '' : `; it is ${quoted(given.text)}`}.`)
  }
  const config = values as unknown as Config
  const exposed = exposedHost(config, command, findGiven('host', flags, env)?.from)
  if (exposed) problems.push(exposed)
  if (command === 'gateway' && findGiven('redis', flags, env) === null) problems.push(NO_REGISTRY)
  if (problems.length === 0)
    problems.push(...redisProblems(config, (name) => findGiven(name, flags, env)?.from ?? ''))
  return problems.length > 0 ? { problems } : { config }
}

/** Of settings that are right by themselves. `from`: how the user said it. */
function redisProblems(
  { redis, redisCa, redisCert, redisKey, writeQuorum }: Config,
  from: (name: SettingName) => string,
): string[] {
  const problems: string[] = []
  if ((redisCert === null) !== (redisKey === null)) {
    problems.push('--redis-cert and --redis-key belong together: give both, or neither.')
  }
  if ((redisCa ?? redisCert ?? redisKey) !== null && !redis?.startsWith('rediss')) {
    problems.push('--redis-ca, --redis-cert and --redis-key are for TLS: begin --redis with rediss for that.')
  }
  if (writeQuorum > 0 && redis === null) {
    problems.push(`${from('writeQuorum')} counts replicas of Redis: say --redis where that is.`)
  }
  return problems
}

const NO_REGISTRY =
  '--redis is missing: a gateway finds the replicas in the Redis that they share, such as --redis redis://localhost:6379.'

interface Given {
  readonly text: string
  /** How the user said it. */
  readonly from: string
}

function findGiven(name: SettingName, flags: ConfigSource['flags'], env: ConfigSource['env']): Given | null {
  const setting: Setting = SETTINGS[name]
  const flag = flags[name]
  if (flag !== undefined) return { text: flag, from: `--${setting.flag}` }
  for (const variable of [variableOf(name), ...(setting.alsoFrom ?? [])]) {
    const text = env[variable]
    if (text !== undefined && text !== '') return { text, from: variable }
  }
  return null
}

/** A URL may carry a password: it is never repeated. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/^([\w+.-]+:)(\/*).*@/s, '$1$2…@'))
}

function unknownFlag(flag: string, command: ServiceCommand): string {
  if (!flag.startsWith('-')) return `${quoted(flag)} is not understood; settings begin with --.`
  const word = flag.split('=', 1)[0] ?? flag
  const known = settingsOf(command).map((name) => `--${SETTINGS[name].flag}`)
  // A switch that was given a value is known, and still not understood.
  if (known.includes(word)) return `${word} takes no value; leave "${flag.slice(word.length)}" out.`
  const other = command === 'start' ? 'gateway' : 'start'
  if (settingsOf(other).some((name) => word === `--${SETTINGS[name].flag}`)) {
    return `${word} is a setting of cloudpush ${other}; cloudpush ${command} has no use for it.`
  }
  return unknownSetting(word, known, command)
}

function unknownVariables(env: ConfigSource['env']): string[] {
  const known = [...NAMES.map(variableOf), ...OTHER_VARIABLES]
  return Object.keys(env)
    .filter((variable) => variable.startsWith(PREFIX) && !known.includes(variable))
    .map((variable) => unknownSetting(variable, known, 'start'))
}

function unknownSetting(given: string, known: readonly string[], command: ServiceCommand): string {
  const meant = closest(given, known)
  return `${given} is not a setting; ${meant ? `did you mean ${meant}?` : `cloudpush ${command} --help lists them.`}`
}

/** Whether clients have to say who they are. */
export function hasAuthentication({
  jwtSecret,
  jwksUrl,
  apiKey,
}: Pick<Config, 'jwtSecret' | 'jwksUrl' | 'apiKey'>): boolean {
  return jwtSecret !== null || jwksUrl !== null || apiKey !== null
}

/** Without authentication, whoever reaches the address may do everything. */
function exposedHost(config: Config, command: ServiceCommand, from = '--host'): string | null {
  const { host, insecure } = config
  if (insecure || isLoopback(host) || hasAuthentication(config)) return null
  if (command === 'gateway') {
    return (
      `${from} ${host} can be reached by others, and a gateway lets everybody through to the replicas: ` +
      'say --insecure where that is right.'
    )
  }
  return (
    `${from} ${host} can be reached by others, and there is no authentication: ` +
    'give --jwt-secret, --jwks-url or --api-key, listen on 127.0.0.1, or say --insecure.'
  )
}

/** Whether only this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
