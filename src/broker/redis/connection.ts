import type { Redis } from 'ioredis'
import { hostText, type RedisHost, redisAddress } from '../../config/redis-url.ts'
import { brokerUnavailable, CloudpushError } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import type { StoreMeter } from '../store-meter.ts'
import { type ConnectionOptions, openRedis } from './client.ts'
import { Link } from './link.ts'
import { loadScripts } from './scripts.ts'
import { TroubleLog } from './trouble.ts'
import { infoField, refusalOf } from './version.ts'

/** A command waits so long for a connection that is coming back; with its answer 2 s at most. */
const CONNECTION_LIMIT_MS = 400
const MAX_WAITING = 10_000

/** The command was not sent: it may be tried elsewhere, or again. */
export class NotSent extends Error {}

/** What is to be sent, on the connection of this moment. */
export type Send<T> = (client: Redis, link: Link) => Promise<T>

interface Waiting {
  readonly send: () => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * One connection to one server of Redis for commands. It reconnects for ever, with a jittered back-off; nothing that was
 * sent is sent again by itself, and what cannot be answered in time is rejected.
 *
 *     CONNECTING ──ready and fit──▶ READY ──connection lost──▶ CONNECTING
 *         └────── too old ────────▶ REFUSED ──connection lost──▶ CONNECTING
 *     any ──close()──▶ CLOSED
 *
 * Fit is a server that is new enough and, outside a Cluster, is no replica of another one: a master that the Sentinels have
 * deposed may still be there for a moment.
 */
export class CommandConnection {
  readonly client: Redis
  /** `host:port`, for messages. */
  readonly address: string
  readonly #isNode: boolean
  #state: 'CONNECTING' | 'READY' | 'REFUSED' | 'CLOSED' = 'CONNECTING'
  #waiting: Waiting[] = []
  readonly #trouble: TroubleLog
  readonly #log: Log | undefined
  readonly #meter: StoreMeter | undefined
  readonly #writeQuorum: number
  #link: Link
  #wasReady = false
  #gathering = false

  /** @param node one node of a Cluster */
  constructor(options: ConnectionOptions, node: RedisHost | null = null) {
    this.address = node ? hostText(node) : redisAddress(options.url)
    this.#isNode = node !== null
    this.#log = options.log
    this.#meter = options.meter
    this.#trouble = new TroubleLog(this.address, options.log)
    this.#writeQuorum = options.writeQuorum ?? 0
    this.client = openRedis(options, node)
    this.#link = new Link(this.client, '')
    this.client.on('error', (error: Error) => this.#trouble.failed(error))
    this.client.on('close', () => {
      this.#link.end()
      if (this.#state !== 'CLOSED') this.#state = 'CONNECTING'
    })
    this.client.on('ready', () => void this.#admit())
  }

  get ready(): boolean {
    return this.#state === 'READY' && this.client.status === 'ready'
  }

  /** One server has all slots. */
  isAvailable(_slot: number): boolean {
    return this.ready
  }

  /** Why it is not available, for the operator. */
  get trouble(): string {
    return this.#trouble.last ?? 'it has not answered yet'
  }

  /**
   * Runs a command, at once or as soon as the connection is there; commands are sent in the order of the calls.
   * Rejects with `BROKER_UNAVAILABLE`, whatever the cause.
   */
  async run<T>(_slot: number, send: Send<T>): Promise<T> {
    const begun = performance.now()
    try {
      return await this.attempt(send)
    } catch (error) {
      throw toUnavailable(error, this.address, this.#log)
    } finally {
      this.#meter?.took(performance.now() - begun)
    }
  }

  /** As `run`, but rejects with what happened: `NotSent`, Redis's own error, or that there was no answer. */
  async attempt<T>(send: Send<T>): Promise<T> {
    try {
      if (this.ready) {
        this.#gather()
        return await send(this.client, this.#link)
      }
      return await this.#later(send)
    } catch (error) {
      if (replyCode(error) === 'READONLY') {
        // It has become a replica: the master is elsewhere, and should it be this one again, it is another term.
        this.#link.term = ''
        if (!this.#isNode) this.client.disconnect(true)
      }
      throw error
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
      reject(new NotSent('the connection was closed'))
    }
  }

  #later<T>(send: Send<T>): Promise<T> {
    if (this.#state === 'CLOSED') throw new NotSent('the connection is closed')
    if (this.#state === 'REFUSED') throw new NotSent(this.trouble)
    if (this.#waiting.length >= MAX_WAITING) throw new NotSent('too many commands wait for the connection')
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        reject(new NotSent(this.trouble))
      }, CONNECTION_LIMIT_MS)
      const waiting = { send: () => resolve(send(this.client, this.#link)), reject, timer }
      this.#waiting.push(waiting)
    })
  }

  async #admit(): Promise<void> {
    try {
      const [server, replication] = await Promise.all([
        this.client.info('server'),
        this.client.info('replication'),
        this.#teach(),
      ])
      if (this.client.status !== 'ready' || this.#state === 'CLOSED') return
      const refusal = refusalOf(server, this.address)
      if (refusal) {
        this.#state = 'REFUSED'
        this.#trouble.failed(new Error(refusal))
        return
      }
      if (!this.#isNode && infoField(replication, 'role') !== 'master') {
        throw new Error(`Redis at ${this.address} is a replica; its master must be named`)
      }
      const isMaster = infoField(replication, 'role') === 'master'
      this.#link = new Link(this.client, isMaster ? (infoField(replication, 'master_replid') ?? '') : '')
      this.#state = 'READY'
      if (this.#wasReady) this.#meter?.reconnected()
      this.#wasReady = true
      this.#trouble.over()
      if (isMaster) this.#countReplicas(replication)
      for (const { send, timer } of this.#waiting.splice(0)) {
        clearTimeout(timer)
        send()
      }
    } catch (error) {
      this.#trouble.failed(error as Error)
      // Such a connection is no good: try the next one.
      if (this.#state !== 'CLOSED') this.client.disconnect(true)
    }
  }

  #countReplicas(replication: string): void {
    const replicas = Number(infoField(replication, 'connected_slaves'))
    if (replicas >= this.#writeQuorum) return
    this.#log?.warn(
      { redis: this.address, replicas, writeQuorum: this.#writeQuorum },
      'Redis has fewer replicas than --write-quorum asks for: pushes are refused until it has more',
    )
  }

  /** All scripts, before the first of them is called: none has to go out a second time with its source. */
  async #teach(): Promise<void> {
    try {
      await Promise.all(Object.values(loadScripts()).map(({ source }) => this.client.script('LOAD', source)))
    } catch (error) {
      // A user that may run scripts but not load them: they go with their source when Redis asks for it.
      if (replyCode(error) === null) throw error
    }
  }
}

/** The first word of an error that Redis answered, such as `MOVED`; null when it is none. */
export function replyCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  return error.message.split(' ', 1)[0] ?? null
}

/** What callers get, whatever the cause; an error that Redis answered is told to the operator. */
export function toUnavailable(error: unknown, address: string, log: Log | undefined): CloudpushError {
  if (error instanceof CloudpushError) return error
  if (replyCode(error) !== null) log?.error({ err: error, redis: address }, 'Redis refused a command')
  return brokerUnavailable('The store cannot be reached: nothing was accepted; try again.', {}, error)
}
