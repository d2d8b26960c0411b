import { Redis, type RedisOptions } from 'ioredis'
import { parseRedisUrl, type RedisHost, type RedisLocation } from '../../config/redis-url.ts'
import type { Config } from '../../config.ts'
import type { Log } from '../../observability/log.ts'
import type { StoreMeter } from '../store-meter.ts'

/** How long a command may wait for its answer. */
export const COMMAND_LIMIT_MS = 1_400
/** A connection that owes us answers and has been silent so long is dead. */
const SILENCE_LIMIT_MS = 3_000
const MAX_RECONNECT_MS = 1_000

/** Where Redis is and how it is reached. */
export interface RedisSource {
  /** See `config/redis-url.ts`. */
  readonly url: string
  /** PEM texts, for TLS; null: the system's authorities, and no certificate of ours. */
  readonly tls?: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null }
  readonly sentinelPassword?: string | null
}

export interface ConnectionOptions extends RedisSource {
  /** Shown in `CLIENT LIST`. */
  readonly name: string
  readonly log?: Log | undefined
  readonly meter?: StoreMeter | undefined
  /** How many replicas are to have what is written over this connection; only told of here. Default: 0. */
  readonly writeQuorum?: number
}

/** What the settings say of it. */
export function redisSourceOf(config: Config, url: string): RedisSource {
  const { redisCa: ca, redisCert: cert, redisKey: key, redisSentinelPassword: sentinelPassword } = config
  return { url, tls: { ca, cert, key }, sentinelPassword }
}

/** Throws what is wrong with the URL. */
export function locate({ url }: RedisSource): RedisLocation {
  const location = parseRedisUrl(url)
  if (typeof location === 'string') throw new Error(`The URL of Redis ${location}.`)
  return location
}

/**
 * An ioredis client with our limits: no unbounded queue, nothing sent twice, reconnection for ever with a jittered
 * back-off. On Sentinels it goes to the master, and to the next one as soon as they tell of it.
 * @param node one node of a Cluster, instead of what the URL names
 */
export function openRedis(options: ConnectionOptions, node: RedisHost | null = null): Redis {
  const location = locate(options)
  const [first] = location.hosts
  const tls = location.tls ? { tls: tlsOf(options) } : {}
  const settings = {
    connectionName: options.name,
    connectTimeout: COMMAND_LIMIT_MS,
    commandTimeout: COMMAND_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backOffMs,
    db: location.database,
    ...(location.username === null ? {} : { username: location.username }),
    ...(location.password === null ? {} : { password: location.password }),
    ...tls,
  } satisfies RedisOptions
  if (location.mode !== 'sentinel') return new Redis({ ...settings, ...(node ?? first) })
  return new Redis({
    ...settings,
    sentinels: [...location.hosts],
    name: location.masterName,
    sentinelCommandTimeout: COMMAND_LIMIT_MS,
    sentinelRetryStrategy: backOffMs,
    sentinelReconnectStrategy: backOffMs,
    failoverDetector: true,
    ...(options.sentinelPassword ? { sentinelPassword: options.sentinelPassword } : {}),
    ...(location.tls ? { sentinelTLS: tlsOf(options), enableTLSForSentinelMode: true } : {}),
  })
}

function tlsOf({ tls }: RedisSource): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries(tls ?? {}).filter(([, pem]) => pem !== null))
}

/** 25 ms doubled each time, 1 s at most, and a random part of it taken off: many do not come back at the same moment. */
function backOffMs(attempt: number): number {
  return Math.min(MAX_RECONNECT_MS, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2)
}
