import { Redis, type RedisOptions } from 'ioredis'
import { brokerUnavailable, CloudpushError } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import type { StoreMeter } from '../store-meter.ts'
import { loadScripts } from './scripts.ts'

/** A command waits so long for a connection that is coming back, and so long for its answer: 2 s together at most. */
const CONNECTION_LIMIT_MS = 400
const COMMAND_LIMIT_MS = 1_400
/** A connection that owes us answers and has been silent so long is dead. */
const SILENCE_LIMIT_MS = 3_000
const MAX_WAITING = 10_000
const MIN_REDIS = '7.0'
const MIN_VALKEY = '7.2'

export interface ConnectionOptions {
  /** `redis://[user:password@]host:port[/db]` */
  readonly url: string
  /** Shown in `CLIENT LIST`. */
  readonly name: string
  readonly log?: Log | undefined
  readonly meter?: StoreMeter | undefined
}

interface Waiting {
  readonly send: () => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * One connection to Redis for commands. It reconnects for ever, with a jittered back-off; nothing that was sent is sent
 * again by itself, and what cannot be answered in time is rejected with `BROKER_UNAVAILABLE`.
 *
 *     CONNECTING ──ready and new enough──▶ READY ──connection lost──▶ CONNECTING
 *         └────── server is too old ─────▶ REFUSED ──connection lost──▶ CONNECTING
 *     any ──close()──▶ CLOSED
 */
export class CommandConnection {
  readonly client: Redis
  /** `host:port`, for messages. */
  readonly address: string
  #state: 'CONNECTING' | 'READY' | 'REFUSED' | 'CLOSED' = 'CONNECTING'
  #waiting: Waiting[] = []
  readonly #trouble: TroubleLog
  readonly #log: Log | undefined
  readonly #meter: StoreMeter | undefined
  #wasReady = false
  #gathering = false

  constructor(options: ConnectionOptions) {
    this.address = redisAddress(options.url)
    this.#log = options.log
    this.#meter = options.meter
    this.#trouble = new TroubleLog(this.address, options.log)
    this.client = openRedis(options)
    this.client.on('error', (error: Error) => this.#trouble.failed(error))
    this.client.on('close', () => {
      if (this.#state !== 'CLOSED') this.#state = 'CONNECTING'
    })
    this.client.on('ready', () => void this.#admit())
  }

  get available(): boolean {
    return this.#state === 'READY' && this.client.status === 'ready'
  }

  /** Why it is not available, for the operator. */
  get trouble(): string {
    return this.#trouble.last ?? 'it has not answered yet'
  }

  /**
   * Runs a command, at once or as soon as the connection is there; commands are sent in the order of the calls.
   * Rejects with `BROKER_UNAVAILABLE`, whatever the cause.
   */
  async run<T>(send: (client: Redis) => Promise<T>): Promise<T> {
    const begun = performance.now()
    try {
      if (this.available) {
        this.#gather()
        return await send(this.client)
      }
      return await this.#later(send)
    } catch (error) {
      throw this.#failure(error)
    } finally {
      this.#meter?.took(performance.now() - begun)
    }
  }

  /** Commands of one turn of the event loop leave in one write, so that concurrent callers share a round trip. */
  #gather(): void {
    if (this.#gathering) return
    this.#gathering = true
    const { stream } = this.client
    stream.cork()
    setImmediate(() => {
      this.#gathering = false
      stream.uncork()
    })
  }

  close(): void {
    this.#state = 'CLOSED'
    this.client.disconnect()
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(new Error('the connection was closed'))
    }
  }

  #later<T>(send: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#state === 'CLOSED') throw new Error('the connection is closed')
    if (this.#state === 'REFUSED') throw new Error(this.trouble)
    if (this.#waiting.length >= MAX_WAITING) throw new Error('too many commands wait for the connection')
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        reject(new Error(this.trouble))
      }, CONNECTION_LIMIT_MS)
      const waiting = { send: () => resolve(send(this.client)), reject, timer }
      this.#waiting.push(waiting)
    })
  }

  async #admit(): Promise<void> {
    try {
      const [info] = await Promise.all([this.client.info('server'), this.#teach()])
      const refusal = refusalOf(info, this.address)
      if (this.client.status !== 'ready' || this.#state === 'CLOSED') return
      if (refusal) {
        this.#state = 'REFUSED'
        this.#trouble.failed(new Error(refusal))
        return
      }
      this.#state = 'READY'
      if (this.#wasReady) this.#meter?.reconnected()
      this.#wasReady = true
      this.#trouble.over()
      for (const { send, timer } of this.#waiting.splice(0)) {
        clearTimeout(timer)
        send()
      }
    } catch (error) {
      this.#trouble.failed(error as Error)
      // Without an answer to INFO this connection is no good: try the next one.
      this.client.disconnect(true)
    }
  }

  /** All scripts, before the first of them is called: none has to go out a second time with its source. */
  async #teach(): Promise<void> {
    try {
      await Promise.all(Object.values(loadScripts()).map(({ source }) => this.client.script('LOAD', source)))
    } catch (error) {
      // A user that may run scripts but not load them: they go with their source when Redis asks for it.
      if (!isReplyError(error)) throw error
    }
  }

  #failure(error: unknown): CloudpushError {
    if (error instanceof CloudpushError) return error
    // An answer that Redis gave, rather than none: what it says is for the operator.
    if (isReplyError(error)) this.#log?.error({ err: error, redis: this.address }, 'Redis refused a command')
    return brokerUnavailable('The store cannot be reached: nothing was accepted; try again.', {}, error)
  }
}

/** An ioredis client with our limits: no unbounded queue, nothing sent twice, jittered reconnection. */
export function openRedis(options: ConnectionOptions): Redis {
  const settings = {
    connectionName: options.name,
    connectTimeout: COMMAND_LIMIT_MS,
    commandTimeout: COMMAND_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) =>
      Math.min(1_000, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
  } satisfies RedisOptions
  return new Redis(options.url, settings)
}

/** Tells of an outage once, of each new reason once, and when it is over. */
export class TroubleLog {
  last: string | null = null
  readonly #address: string
  readonly #log: Log | undefined

  constructor(address: string, log: Log | undefined) {
    this.#address = address
    this.#log = log
  }

  failed(error: Error): void {
    // A refused connection to several addresses comes as an AggregateError without a message of its own.
    const reason = error.message || (error as NodeJS.ErrnoException).code || error.name
    if (reason === this.last) return
    this.last = reason
    this.#log?.warn({ redis: this.#address, reason }, 'Redis cannot be reached; trying again')
  }

  over(): void {
    if (this.last !== null) this.#log?.info({ redis: this.#address }, 'Redis is back')
    this.last = null
  }
}

/** `host:port` of a Redis URL, without its password. */
export function redisAddress(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return 'redis'
  }
}

function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Null when the server is one that we can use; else what is wrong and what to do. */
export function refusalOf(info: string, address: string): string | null {
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
  const valkey = field('valkey_version')
  const [product, version, least] = valkey
    ? (['Valkey', valkey, MIN_VALKEY] as const)
    : (['Redis', field('redis_version') ?? '0', MIN_REDIS] as const)
  if (isAtLeast(version, least)) return null
  return `${product} ${version} at ${address} is too old: Redis ${MIN_REDIS} or Valkey ${MIN_VALKEY} at least is needed. Upgrade it, or name another one with --redis.`
}

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
