import { z } from 'zod'
import { type Manifest, manifest } from './manifest.ts'
import { parseNetworks } from './networks.ts'
import { parseOrigins } from './origins.ts'
import { parseRedisUrl } from './redis-url.ts'
import { splitKeys } from './secrets.ts'
import { flag, pem, type Setting, seconds, secret, setting, share, url, whole } from './setting.ts'

/** Keys of back ends, and the file that they are read from again and again; null: they were given themselves. */
export interface KeySource {
  readonly keys: readonly string[]
  readonly file: string | null
}

const MIN_SECRET_BYTES = 32
const MIN_KEY_CHARACTERS = 16

/**
 * Every setting once: the command line, the environment, `--help` and the checks are all made from this table. It is as
 * long as there are settings.
 */
export const SETTINGS = {
  port: setting('Where', 'port', '<number>', 4000, whole(0, 65_535), 'port to listen on; 0: any free one', [
    'PORT',
  ]),
  host: setting(
    'Where',
    'host',
    '<address>',
    '127.0.0.1',
    z.string().min(1, 'must be an address or a name, such as 127.0.0.1'),
    'address to listen on',
    ['HOST'],
  ),
  redis: setting<string | null>(
    'Where',
    'redis',
    '<url>',
    null,
    z.string().superRefine((text, context) => {
      const location = parseRedisUrl(text)
      if (typeof location === 'string') context.addIssue({ code: 'custom', message: location })
    }),
    'Redis 7+ or Valkey 7.2+ that the replicas share: redis://[user:password@]host[:port][/db], redis+sentinel://host,host/name or redis+cluster://host,host; rediss for TLS; without it: the embedded broker, in memory',
    ['REDIS_URL'],
  ),
  redisPrefix: setting(
    'Where',
    'redis-prefix',
    '<text>',
    'cp',
    z.string().regex(/^[A-Za-z0-9:_.-]{1,64}$/, 'must have 1 to 64 of the characters A–Z a–z 0–9 : _ . -'),
    'what all keys and channels in Redis begin with',
  ),
  redisCa: setting<string | null>(
    'Where',
    'redis-ca',
    '<file>',
    null,
    pem,
    'certificates (PEM) that the one of Redis must come from, with rediss',
  ),
  redisCert: setting<string | null>(
    'Where',
    'redis-cert',
    '<file>',
    null,
    pem,
    'our certificate (PEM), where Redis asks for one',
  ),
  redisKey: setting<string | null>(
    'Where',
    'redis-key',
    '<file>',
    null,
    pem,
    'the key (PEM) of our certificate',
  ),
  redisSentinelPassword: {
    ...setting<string | null>(
      'Where',
      'redis-sentinel-password',
      '<secret>',
      null,
      secret.transform(({ text }) => text),
      'password of the Sentinels, where they have one of their own; @file: what is in that file',
    ),
    secret: true,
  },
  agentPort: setting<number | null>(
    'Where',
    'agent-port',
    '<number>',
    null,
    whole(0, 65_535),
    'port on which HAProxy’s agent-check is told the weight of this replica; 0: any free one (default: none)',
  ),
  replicaId: setting<string | null>(
    'Where',
    'replica-id',
    '<text>',
    null,
    z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must have 1 to 64 of the characters A–Z a–z 0–9 _ . -'),
    'what this replica is called, such as the name of its host; no two at the same time (default: made up at each start)',
  ),
  publicUrl: setting<string | null>(
    'Where',
    'public-url',
    '<url>',
    null,
    url(['ws:', 'wss:', 'http:', 'https:']),
    'where clients reach this replica (default: from host and port)',
  ),
  trustedProxies: setting(
    'Where',
    'trusted-proxies',
    '<list>',
    '127.0.0.0/8,::1',
    z.string().refine((text) => parseNetworks(text) !== null, {
      message:
        'must be addresses or networks with commas between, such as 10.0.0.0/8,::1; none: nobody is trusted',
    }),
    'whose X-Forwarded-For is believed: addresses and networks, with commas between, or none',
  ),
  insecure: setting(
    'Where',
    'insecure',
    null,
    false,
    flag,
    'allow an address that others can reach, although there is no authentication',
  ),
  jwtSecret: {
    ...setting<string | null>(
      'Access',
      'jwt-secret',
      '<secret>',
      null,
      secret
        .transform(({ text }) => text)
        .refine(
          (text) => Buffer.byteLength(text) >= MIN_SECRET_BYTES,
          `must have ${MIN_SECRET_BYTES} bytes at least, such as openssl rand -base64 32 makes`,
        ),
      'tokens signed with this secret (HS256; HS384 from 48 bytes, HS512 from 64) let in; @file: what is in that file',
    ),
    secret: true,
  },
  jwksUrl: setting<string | null>(
    'Access',
    'jwks-url',
    '<url>',
    null,
    url(['http:', 'https:']),
    'tokens signed with a key of this JSON Web Key Set (RS, PS, ES, EdDSA) let in',
  ),
  jwksMaxAgeSeconds: setting(
    'Access',
    'jwks-max-age-seconds',
    '<s>',
    300,
    seconds(),
    'how old the key set may be: a key that was removed from it is refused after so long at most',
  ),
  jwtIssuer: setting<string | null>(
    'Access',
    'jwt-issuer',
    '<text>',
    null,
    z.string().min(1, 'must not be empty'),
    'what the iss of a token must be (default: anything)',
  ),
  jwtAudience: setting<string | null>(
    'Access',
    'jwt-audience',
    '<text>',
    null,
    z.string().min(1, 'must not be empty'),
    'what the aud of a token must be or have (default: anything)',
  ),
  jwtClockToleranceSeconds: setting(
    'Access',
    'jwt-clock-tolerance-seconds',
    '<s>',
    5,
    whole(0, 300),
    'how far the clock of whoever signs tokens may differ from ours',
  ),
  apiKey: {
    ...setting<KeySource | null>(
      'Access',
      'api-key',
      '<keys>',
      null,
      secret
        .transform(({ text, file }) => ({ keys: splitKeys(text), file }))
        .refine(
          ({ keys }) => keys.length > 0 && keys.every((key) => key.length >= MIN_KEY_CHARACTERS),
          `must be one or more keys of ${MIN_KEY_CHARACTERS} characters at least, with commas between`,
        ),
      'back ends with one of these keys may push and operate; @file: those in that file, which is read again when it changes',
    ),
    secret: true,
  },
  allowedOrigins: setting(
    'Access',
    'allowed-origins',
    '<list>',
    '*',
    z.string().refine((text) => parseOrigins(text) !== null, {
      message: 'must be * or origins with commas between, such as https://app.example,http://localhost:3000',
    }),
    'pages of which origins may use this replica from a browser; *: of any; its own may always',
  ),
  trustedDocuments: setting<Manifest | null>(
    'Access',
    'trusted-documents',
    '<file>',
    null,
    manifest,
    'only documents of this manifest are run, by id or word for word; admins may run any (default: all are)',
  ),
  disableIntrospection: setting(
    'Access',
    'disable-introspection',
    null,
    false,
    flag,
    'nobody may ask for the schema',
  ),
  disableGraphiql: setting('Access', 'disable-graphiql', null, false, flag, 'GraphiQL is not served'),
  retentionSeconds: setting(
    'Keeping',
    'retention-seconds',
    '<s>',
    3600,
    seconds(),
    'how long an inbox keeps a message',
  ),
  retentionMessages: setting(
    'Keeping',
    'retention-messages',
    '<n>',
    1000,
    whole(1, 1_000_000),
    'how many messages an inbox keeps',
  ),
  resumeSeconds: setting(
    'Keeping',
    'resume-seconds',
    '<s>',
    3600,
    seconds(),
    'how long a subscription that lost its connection can be resumed',
  ),
  writeQuorum: setting(
    'Keeping',
    'write-quorum',
    '<n>',
    0,
    whole(0, 16),
    'how many replicas of Redis must have a push before it is accepted (WAIT); 0: what the master has is accepted',
  ),
  capacity: setting(
    'Sessions',
    'capacity',
    '<n>',
    20_000,
    whole(1, 10_000_000),
    'sessions that this replica should hold at most',
  ),
  idleTimeoutSeconds: setting(
    'Sessions',
    'idle-timeout-seconds',
    '<s>',
    60,
    seconds(),
    'evict a session after so long without a frame from its client',
  ),
  initTimeoutSeconds: setting(
    'Sessions',
    'init-timeout-seconds',
    '<s>',
    3,
    seconds(),
    'how long a new connection has for its connection_init',
  ),
  drainSeconds: setting(
    'Sessions',
    'drain-seconds',
    '<s>',
    30,
    seconds(0),
    'how long stopping spreads the closing of sessions',
  ),
  maxPayloadBytes: setting(
    'Limits',
    'max-payload-bytes',
    '<n>',
    65_536,
    whole(1, 1_048_576),
    'largest payload, as JSON',
  ),
  maxBufferedBytes: setting(
    'Limits',
    'max-buffered-bytes',
    '<n>',
    1_048_576,
    whole(1_024, 1_073_741_824),
    'past so much unsent, a session is read for from its inbox',
  ),
  maxSubscriptionsPerSession: setting(
    'Limits',
    'max-subscriptions-per-session',
    '<n>',
    100,
    whole(1, 100_000),
    'live subscriptions of one session',
  ),
  maxIdentifiersPerSubscription: setting(
    'Limits',
    'max-identifiers-per-subscription',
    '<n>',
    100,
    whole(1, 10_000),
    'identifiers of one subscription',
  ),
  maxRecipientsPerPush: setting(
    'Limits',
    'max-recipients-per-push',
    '<n>',
    10_000,
    whole(1, 1_000_000),
    'identifiers of one push',
  ),
  maxQueryDepth: setting(
    'Limits',
    'max-query-depth',
    '<n>',
    10,
    whole(1, 1_000),
    'levels of fields of one GraphQL document',
  ),
  maxQueryAliases: setting(
    'Limits',
    'max-query-aliases',
    '<n>',
    100,
    whole(0, 1_000),
    'aliases of one GraphQL document',
  ),
  maxQueryTokens: setting(
    'Limits',
    'max-query-tokens',
    '<n>',
    20_000,
    whole(10, 1_000_000),
    'tokens of one GraphQL document, the payload among them where it is written into it',
  ),
  maxQueryCost: setting(
    'Limits',
    'max-query-cost',
    '<n>',
    20_000,
    whole(1, 100_000_000),
    'fields that one operation may ask for, those of a list counted for each item',
  ),
  maxMessagesPerSecond: setting(
    'Limits',
    'max-messages-per-second',
    '<n>',
    10_000,
    whole(0, 1_000_000),
    'messages that are read from one WebSocket; more wait; 0: not limited',
  ),
  maxConnectionsPerAddress: setting(
    'Limits',
    'max-connections-per-address',
    '<n>',
    0,
    whole(0, 1_000_000),
    'WebSockets that one address may have here; 0: not limited',
  ),
  maxConnectionsPerSubject: setting(
    'Limits',
    'max-connections-per-subject',
    '<n>',
    0,
    whole(0, 1_000_000),
    'WebSockets that one subject may have here; 0: not limited',
  ),
  connectionRatePerSecond: setting(
    'Limits',
    'connection-rate-per-second',
    '<n>',
    0,
    whole(0, 1_000_000),
    'new connections that this replica takes per second; 0: not limited',
  ),
  pushRatePerSecond: setting(
    'Limits',
    'push-rate-per-second',
    '<n>',
    0,
    whole(0, 1_000_000),
    'pushes that this replica takes per second and subject (without one: address); 0: not limited',
  ),
  holdSeconds: setting(
    'Gateway',
    'hold-seconds',
    '<s>',
    10,
    seconds(0),
    'how long a client is held while no replica takes it, before it is closed with 1013',
  ),
  stallSeconds: setting(
    'Gateway',
    'stall-seconds',
    '<s>',
    5,
    seconds(),
    'a replica that is silent for so long, although asked, loses its sessions to the others',
  ),
  logLevel: setting<'silent' | 'error' | 'warn' | 'info' | 'debug'>(
    'Other',
    'log-level',
    '<level>',
    'info',
    z.enum(['silent', 'error', 'warn', 'info', 'debug'], 'must be silent, error, warn, info or debug'),
    'silent, error, warn, info or debug',
  ),
  logSample: setting(
    'Other',
    'log-sample',
    '<share>',
    0.01,
    share,
    'share of the pushes that are logged, with their deliveries',
  ),
  statisticsSeconds: setting(
    'Other',
    'statistics-seconds',
    '<s>',
    1,
    whole(0, 60),
    'how often what was counted is added to the statistics; 0: this replica adds nothing',
  ),
  tracesUrl: setting<string | null>(
    'Other',
    'traces-url',
    '<url>',
    null,
    url(['http:', 'https:']),
    'where the ways of pushes are told, as OpenTelemetry traces (OTLP over HTTP), such as http://localhost:4318/v1/traces (default: nowhere)',
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  ),
  tracesSample: setting(
    'Other',
    'traces-sample',
    '<share>',
    1,
    share,
    'share of the pushes that are traced, where the pusher has not decided it',
  ),
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS

/** The commands that run until they are stopped, and take settings. */
export type ServiceCommand = 'start' | 'gateway'

/** What a gateway has in common with a replica; its own are the group `Gateway`. */
const SHARED: readonly SettingName[] = [
  'port',
  'host',
  'redis',
  'redisPrefix',
  'redisCa',
  'redisCert',
  'redisKey',
  'redisSentinelPassword',
  'insecure',
  'allowedOrigins',
  'idleTimeoutSeconds',
  'drainSeconds',
  'logLevel',
]

/** The settings that a command takes. */
export function settingsOf(command: ServiceCommand): SettingName[] {
  const names = Object.keys(SETTINGS) as SettingName[]
  const ofGateway = (name: SettingName) => SETTINGS[name].group === 'Gateway'
  if (command === 'start') return names.filter((name) => !ofGateway(name))
  return names.filter((name) => ofGateway(name) || SHARED.includes(name))
}
