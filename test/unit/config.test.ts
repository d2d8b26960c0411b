import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SETTINGS, type SettingName, settingsOf } from '../../src/config/settings.ts'
import { type Config, type ConfigSource, defaultConfig, parseConfig, variableOf } from '../../src/config.ts'

const NAMES = Object.keys(SETTINGS) as SettingName[]

function configOf(source: Partial<ConfigSource>): Config {
  const parsed = parseConfig({ flags: {}, env: {}, ...source })
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.config
}

function problemsOf(source: Partial<ConfigSource>): readonly string[] {
  const parsed = parseConfig({ flags: {}, env: {}, ...source })
  return 'problems' in parsed ? parsed.problems : []
}

/** For every whole number its range, as the contract and the table state it. */
const RANGES: Partial<Record<SettingName, readonly [least: number, most: number]>> = {
  port: [0, 65_535],
  agentPort: [0, 65_535],
  retentionSeconds: [1, 31_622_400],
  retentionMessages: [1, 1_000_000],
  resumeSeconds: [1, 31_622_400],
  capacity: [1, 10_000_000],
  idleTimeoutSeconds: [1, 31_622_400],
  initTimeoutSeconds: [1, 31_622_400],
  drainSeconds: [0, 31_622_400],
  maxPayloadBytes: [1, 1_048_576],
  maxBufferedBytes: [1_024, 1_073_741_824],
  maxSubscriptionsPerSession: [1, 100_000],
  maxIdentifiersPerSubscription: [1, 10_000],
  maxRecipientsPerPush: [1, 1_000_000],
  jwksMaxAgeSeconds: [1, 31_622_400],
  jwtClockToleranceSeconds: [0, 300],
  connectionRatePerSecond: [0, 1_000_000],
  pushRatePerSecond: [0, 1_000_000],
  holdSeconds: [0, 31_622_400],
  stallSeconds: [1, 31_622_400],
  writeQuorum: [0, 16],
  statisticsSeconds: [0, 60],
}
const NUMBERS = Object.keys(RANGES) as SettingName[]

/** Text for a setting, right or wrong. */
function anyText(name: SettingName): fc.Arbitrary<string> {
  const wrong = fc.string({ minLength: 1, maxLength: 12 })
  const [least, most] = RANGES[name] ?? [0, 1]
  const right: Partial<Record<SettingName, fc.Arbitrary<string>>> = {
    host: fc.constantFrom('127.0.0.1', 'localhost', '::1', '0.0.0.0'),
    redis: fc.constantFrom('redis://localhost', 'redis://u:p@h:6380/2', 'rediss://h', 'redis://h/name'),
    redisPrefix: fc.stringMatching(/^[A-Za-z0-9:_.-]{1,64}$/),
    replicaId: fc.constantFrom('r1', 'pod-0.local', 'a b', 'a~1'),
    publicUrl: fc.constantFrom('ws://a/graphql', 'wss://a', 'https://a', 'ftp://a'),
    trustedProxies: fc.constantFrom('none', '10.0.0.0/8, ::1', '10.0.0.0/33', '10.0.0'),
    jwtSecret: fc.constantFrom('x'.repeat(32), 'too short', '@/no/such/file'),
    jwksUrl: fc.constantFrom('https://a/keys', 'ftp://a'),
    jwtIssuer: fc.constantFrom('https://a', ''),
    jwtAudience: fc.constantFrom('a', ''),
    apiKey: fc.constantFrom('k'.repeat(16), `${'k'.repeat(16)}, ${'l'.repeat(20)}`, 'short', ','),
    insecure: fc.constantFrom('true', 'false', '1', '0', 'yes'),
    disableIntrospection: fc.constantFrom('true', 'false', 'no'),
    allowedOrigins: fc.constantFrom(
      '*',
      'https://a.example',
      'https://a.example, http://b:1',
      'a.example',
      'https://a/b',
    ),
    logLevel: fc.constantFrom('silent', 'error', 'warn', 'info', 'debug', 'loud'),
    logSample: fc.constantFrom('0', '1', '0.01', '.5', '1.5', '-1', '1e-3'),
    tracesSample: fc.constantFrom('0', '1', '0.5', '2'),
    tracesUrl: fc.constantFrom('http://localhost:4318/v1/traces', 'ftp://a'),
  }
  return fc.oneof(right[name] ?? fc.integer({ min: least - 2, max: most + 2 }).map(String), wrong)
}

test('nothing given is the documented defaults', () => {
  expect(configOf({})).toEqual(defaultConfig)
  expect(defaultConfig).toEqual({
    port: 4000,
    host: '127.0.0.1',
    redis: null,
    redisPrefix: 'cp',
    redisCa: null,
    redisCert: null,
    redisKey: null,
    redisSentinelPassword: null,
    agentPort: null,
    replicaId: null,
    publicUrl: null,
    trustedProxies: '127.0.0.0/8,::1',
    insecure: false,
    jwtSecret: null,
    jwksUrl: null,
    jwksMaxAgeSeconds: 300,
    jwtIssuer: null,
    jwtAudience: null,
    jwtClockToleranceSeconds: 5,
    apiKey: null,
    allowedOrigins: '*',
    trustedDocuments: null,
    disableIntrospection: false,
    disableGraphiql: false,
    retentionSeconds: 3600,
    retentionMessages: 1000,
    resumeSeconds: 3600,
    writeQuorum: 0,
    capacity: 20_000,
    idleTimeoutSeconds: 60,
    initTimeoutSeconds: 3,
    drainSeconds: 30,
    maxPayloadBytes: 65_536,
    maxBufferedBytes: 1_048_576,
    maxSubscriptionsPerSession: 100,
    maxIdentifiersPerSubscription: 100,
    maxRecipientsPerPush: 10_000,
    maxQueryDepth: 10,
    maxQueryAliases: 100,
    maxQueryTokens: 20_000,
    maxQueryCost: 20_000,
    maxMessagesPerSecond: 10_000,
    maxConnectionsPerAddress: 0,
    maxConnectionsPerSubject: 0,
    connectionRatePerSecond: 0,
    pushRatePerSecond: 0,
    holdSeconds: 10,
    stallSeconds: 5,
    logLevel: 'info',
    logSample: 0.01,
    statisticsSeconds: 1,
    tracesUrl: null,
    tracesSample: 1,
  })
})

test('a flag and its variable take the same texts to the same values, and refuse the same', () => {
  const given = fc
    .constantFrom(...settingsOf('start'))
    .chain((name) => fc.tuple(fc.constant(name), anyText(name)))
    // An empty variable is one that is not set; an empty flag is a wrong one.
    .filter(([, text]) => text !== '')
  fc.assert(
    fc.property(given, ([name, text]) => {
      const byFlag = parseConfig({ flags: { [name]: text }, env: {} })
      const byVariable = parseConfig({ flags: {}, env: { [variableOf(name)]: text } })
      if ('config' in byFlag) {
        expect(byVariable).toEqual(byFlag)
        return
      }
      const told = byFlag.problems.map((problem) =>
        problem.replace(`--${SETTINGS[name].flag}`, variableOf(name)),
      )
      expect(byVariable).toEqual({ problems: told })
    }),
    { numRuns: 1_000 },
  )
})

test('every number is taken from its least to its most, and refused beside that with the range', () => {
  for (const name of NUMBERS) {
    const [least, most] = RANGES[name] ?? [0, 0]
    const redis = 'redis://db'
    for (const right of [least, most]) {
      expect([name, configOf({ flags: { redis, [name]: String(right) } })[name]]).toEqual([name, right])
    }
    for (const wrong of [String(least - 1), String(most + 1), '', '1.5', '1e3', '0x10', ' 7', 'many']) {
      expect(problemsOf({ flags: { [name]: wrong } })).toEqual([
        `--${SETTINGS[name].flag} must be a whole number from ${least} to ${most}; it is ${JSON.stringify(wrong)}.`,
      ])
    }
  }
})

test('a flag is stronger than our variable, which is stronger than the common one', () => {
  const env = { CLOUDPUSH_PORT: '2', PORT: '3', HOST: 'localhost', REDIS_URL: 'redis://common' }
  expect(configOf({ flags: { port: '1' }, env }).port).toBe(1)
  expect(configOf({ env })).toMatchObject({ port: 2, host: 'localhost', redis: 'redis://common' })
  expect(configOf({ env: { ...env, CLOUDPUSH_PORT: undefined } }).port).toBe(3)
})

test('an empty variable is one that is not set', () => {
  expect(configOf({ env: { CLOUDPUSH_PORT: '', PORT: '', CLOUDPUSH_REDIS: '' } })).toEqual(defaultConfig)
})

test('a variable of ours that is no setting is a problem, with the one that was meant', () => {
  expect(
    problemsOf({
      env: {
        CLOUDPUSH_RETENTION_SECOND: '1',
        CLOUDPUSH_SECRET_OF_THE_KING: 'x',
        CLOUDPUSH_URL: 'ws://a',
        PATH: '/bin',
      },
    }),
  ).toEqual([
    'CLOUDPUSH_RETENTION_SECOND is not a setting; did you mean CLOUDPUSH_RETENTION_SECONDS?',
    'CLOUDPUSH_SECRET_OF_THE_KING is not a setting; cloudpush start --help lists them.',
  ])
})

test('a flag that is no setting is a problem, with the one that was meant', () => {
  expect(problemsOf({ unknownFlags: ['--prot', '--secret-of-the-king', '--insecure=yes', 'word'] })).toEqual([
    '--prot is not a setting; did you mean --port?',
    '--secret-of-the-king is not a setting; cloudpush start --help lists them.',
    '--insecure takes no value; leave "=yes" out.',
    '"word" is not understood; settings begin with --.',
  ])
})

test('an address that others reach is refused, whoever named it, unless insecure is said', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.7', 'example.com', '127.0.0.1.example.com', '128.0.0.1']) {
    const [problem, ...more] = problemsOf({ flags: { host } })
    expect(more).toEqual([])
    expect(problem).toMatch(`--host ${host} can be reached by others, and there is no authentication`)
    expect(problem).toContain('--insecure')
    expect(problemsOf({ env: { HOST: host } })[0]).toMatch(`HOST ${host} can be reached`)
    expect(configOf({ flags: { host, insecure: 'true' } }).host).toBe(host)
    expect(configOf({ flags: { host }, env: { CLOUDPUSH_INSECURE: '1' } }).insecure).toBe(true)
  }
  for (const host of ['127.0.0.1', '127.3.2.1', 'localhost', 'LOCALHOST', '::1']) {
    expect(problemsOf({ flags: { host } })).toEqual([])
  }
})

test('a store that this version cannot use is refused', () => {
  for (const redis of ['h:6379', 'http://h', 'redis+sentinal://h/name']) {
    expect(problemsOf({ flags: { redis } })).toEqual([
      expect.stringMatching(/^--redis must be a URL such as redis:\/\/host:6379, .*; it is "[^"]+"\.$/),
    ])
  }
  expect(problemsOf({ flags: { redis: 'redis://h/name' } })[0]).toMatch('the number of the database')
  expect(configOf({ flags: { redis: 'redis://:p@h:6380/2' } }).redis).toBe('redis://:p@h:6380/2')
})

test('a password in a wrong URL is not repeated', () => {
  for (const redis of [
    'rediss://user:hunter2@h,i',
    'http://user:hun/hunter2@h',
    'redis://user:hunter2@h/x',
  ]) {
    expect(problemsOf({ flags: { redis } }).join()).not.toContain('hunter2')
  }
  for (const source of [
    { flags: { redis: 'redis:user:hunter2@h' } },
    { flags: { publicUrl: 'ftp://user:hunter2@h' } },
    { env: { REDIS_URL: 'rediss://:hunter2@h/x' } },
    { unknownFlags: ['redis://:hunter2@h', '--redsi=redis://:hunter2@h'] },
  ]) {
    const problems = problemsOf(source)
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.join()).not.toContain('hunter2')
  }
})

test('what is for Redis, or for TLS, is refused where it would be of no use', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cloudpush-pem-'))
  const file = join(directory, 'some.pem')
  writeFileSync(file, '-----BEGIN CERTIFICATE-----')
  const redis = 'rediss://db'
  expect(problemsOf({ flags: { redis: 'redis://db', redisCa: file } })).toEqual([
    '--redis-ca, --redis-cert and --redis-key are for TLS: begin --redis with rediss for that.',
  ])
  expect(problemsOf({ flags: { redis, redisCert: file } })).toEqual([
    '--redis-cert and --redis-key belong together: give both, or neither.',
  ])
  expect(problemsOf({ flags: { redis, redisKey: '/nowhere', redisCert: file } })).toEqual([
    '--redis-key names a file that cannot be read (ENOENT); it is "/nowhere".',
  ])
  expect(problemsOf({ flags: { writeQuorum: '1' } })).toEqual([
    '--write-quorum counts replicas of Redis: say --redis where that is.',
  ])
  expect(configOf({ flags: { redis, redisCa: file } }).redisCa).toContain('BEGIN')
  rmSync(directory, { recursive: true })
})

test('words outside their choice are told with the choice', () => {
  expect(
    problemsOf({
      flags: { host: '', logLevel: 'loud', redisPrefix: 'a b', publicUrl: 'gateway.example.com' },
      env: { CLOUDPUSH_INSECURE: 'yes' },
    }),
  ).toEqual([
    '--host must be an address or a name, such as 127.0.0.1; it is "".',
    '--redis-prefix must have 1 to 64 of the characters A–Z a–z 0–9 : _ . -; it is "a b".',
    '--public-url must be a URL that begins with ws:// or wss:// or http:// or https://; it is "gateway.example.com".',
    'CLOUDPUSH_INSECURE must be true or false; it is "yes".',
    '--log-level must be silent, error, warn, info or debug; it is "loud".',
  ])
})

test('all problems are reported at once, each by the name that was used for it', () => {
  const problems = problemsOf({
    flags: Object.fromEntries(NUMBERS.map((name) => [name, 'x'])),
    unknownFlags: ['--nonsense'],
    env: { CLOUDPUSH_NONSENSE: '1', CLOUDPUSH_LOG_LEVEL: 'loud', REDIS_URL: 'nowhere', HOST: '0.0.0.0' },
  })
  const subjects = problems.map((problem) => problem.split(' ', 1)[0])
  expect(subjects.sort()).toEqual(
    [
      ...NUMBERS.map((name) => `--${SETTINGS[name].flag}`),
      '--nonsense',
      'CLOUDPUSH_NONSENSE',
      'CLOUDPUSH_LOG_LEVEL',
      'REDIS_URL',
      'HOST',
    ].sort(),
  )
})

test('the name of a setting, its flag and its variable are the same words', () => {
  for (const name of NAMES) {
    const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    expect(SETTINGS[name].flag).toBe(words)
    expect(variableOf(name)).toBe(`CLOUDPUSH_${words.replaceAll('-', '_').toUpperCase()}`)
  }
})

test('a gateway takes its own settings and those that it shares, says which are a replica’s, and needs a Redis', () => {
  const gateway = { command: 'gateway', flags: { redis: 'redis://h' } } as const
  const env = { CLOUDPUSH_RETENTION_SECONDS: 'for the replicas', CLOUDPUSH_HOLD_SECONDS: '3' }
  expect(configOf({ ...gateway, env })).toEqual({ ...defaultConfig, redis: 'redis://h', holdSeconds: 3 })
  expect(configOf({ env: { CLOUDPUSH_HOLD_SECONDS: 'for the gateway' } })).toEqual(defaultConfig)
  expect(problemsOf({ command: 'gateway', unknownFlags: ['--retention-seconds', '--hold-second'] })).toEqual([
    '--retention-seconds is a setting of cloudpush start; cloudpush gateway has no use for it.',
    '--hold-second is not a setting; did you mean --hold-seconds?',
    '--redis is missing: a gateway finds the replicas in the Redis that they share, such as --redis redis://localhost:6379.',
  ])
  expect(problemsOf({ unknownFlags: ['--stall-seconds=3'] })).toEqual([
    '--stall-seconds is a setting of cloudpush gateway; cloudpush start has no use for it.',
  ])
})

test('a secret is itself, or in a file; where it is wrong it is not repeated', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudpush-config-'))
  try {
    const file = join(folder, 'secret')
    writeFileSync(file, `${'s'.repeat(40)}\n`)
    expect(configOf({ flags: { jwtSecret: `@${file}` } }).jwtSecret).toBe('s'.repeat(40))
    writeFileSync(file, `${'k'.repeat(16)}\n${'l'.repeat(16)}\n`)
    const keys = ['k'.repeat(16), 'l'.repeat(16)]
    expect(configOf({ flags: { apiKey: `@${file}` } }).apiKey).toEqual({ keys, file })
    expect(configOf({ env: { CLOUDPUSH_API_KEY: keys.join(',') } }).apiKey).toEqual({ keys, file: null })
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(
    problemsOf({ flags: { jwtSecret: 'hunter2', apiKey: 'swordfish,and-one-that-is-long-enough' } }),
  ).toEqual([
    '--jwt-secret must have 32 bytes at least, such as openssl rand -base64 32 makes.',
    '--api-key must be one or more keys of 16 characters at least, with commas between.',
  ])
  expect(problemsOf({ flags: { jwtSecret: '@/no/such/file' } })).toEqual([
    '--jwt-secret names a file, after the @, that cannot be read.',
  ])
})

test('an address that others reach is allowed with authentication, whichever it is', () => {
  const flags = { host: '0.0.0.0' }
  expect(problemsOf({ flags })).toHaveLength(1)
  expect(problemsOf({ flags: { ...flags, jwtSecret: 's'.repeat(32) } })).toEqual([])
  expect(problemsOf({ flags: { ...flags, jwksUrl: 'https://a/keys' } })).toEqual([])
  expect(problemsOf({ flags: { ...flags, apiKey: 'k'.repeat(16) } })).toEqual([])
})
