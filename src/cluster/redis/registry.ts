import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { badUserInput, type CloudpushError } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import {
  LEASE_SECONDS,
  type Load,
  REPORT_INTERVAL_SECONDS,
  type Registry,
  type RegistryListener,
  type ReplicaIdentity,
  type ReplicaSnapshot,
} from '../registry.ts'
import type { ClusterConnection } from './connection.ts'

/** The lease in Redis. With the second in which its end is noticed, a dead replica is forgotten in `LEASE_SECONDS`. */
const LEASE_MS = (LEASE_SECONDS - 1) * 1_000
/** Not heard of for so long: its lease is looked at, this often. */
const SUSPECT_AFTER_MS = LEASE_MS - 500
const LOOK_INTERVAL_MS = 250
const REFRESH_INTERVAL_MS = REPORT_INTERVAL_SECONDS * 1_000

/** What `report.lua` answers. */
const RENEWED = 1
const TAKEN_BY_ANOTHER = -1

interface ReplicaRecord {
  readonly id: string
  readonly url: string
  readonly version: string
  readonly startedAt: number
  readonly load: Load
}

type Change =
  | { readonly kind: 'load'; readonly record: ReplicaRecord }
  | { readonly kind: 'left' | 'ended'; readonly id: string }

/** The registry of a cluster on one Redis; see `registry.ts` for what it promises. */
export class RedisRegistry implements Registry {
  readonly #connection: ClusterConnection
  readonly #log: Log | undefined
  readonly #token = randomUUID()
  readonly #view = new Map<string, { text: string; snapshot: ReplicaSnapshot }>()
  #self: ReplicaIdentity | null = null
  /** The last report got no answer. */
  #unheard = false
  #listener: RegistryListener | null = null
  #subscription: number | null = null
  #clock: NodeJS.Timeout | undefined
  #refreshedAt = 0
  /** Until then nothing could be heard of anybody: after an outage everybody has the time to be heard of again. */
  #deafUntil = 0
  /** Dropped since the list that is under way was asked for: that list may be older. */
  readonly #dropped = new Set<string>()
  #looking = false

  constructor(connection: ClusterConnection, log: Log | undefined) {
    this.#connection = connection
    this.#log = log
  }

  get available(): boolean {
    return this.#connection.available
  }

  async watch(listener: RegistryListener): Promise<void> {
    await this.#listen(listener)
    await this.#follow()
  }

  async join(self: ReplicaIdentity, load: Load, listener: RegistryListener): Promise<void> {
    const { keys } = this.#connection
    this.#self = self
    await this.#listen(listener)
    const record = recordOf(self, load)
    for (let leftMs = Number.POSITIVE_INFINITY; ; await delay(LOOK_INTERVAL_MS)) {
      const answer = await this.#connection.run(
        'join',
        [keys.lease(self.id), keys.replicas],
        [self.id, this.#token, LEASE_MS, record, keys.changes],
      )
      if (answer === 1) break
      const [holder, left] = answer as readonly [string, number]
      // The lease of a process that was killed runs out; one that is renewed is that of a living one.
      if (left > leftMs) throw idTaken(self.id, holder)
      leftMs = left
    }
    await this.#follow()
  }

  async report(load: Load): Promise<void> {
    const self = this.#self
    if (!self) return
    const { keys } = this.#connection
    const record = recordOf(self, load)
    const unheard = this.#unheard
    // An answer that does not come may have been that the lease had ended: the next one cannot say so again.
    this.#unheard = true
    const had = await this.#connection.run(
      'report',
      [keys.lease(self.id), keys.replicas],
      [self.id, this.#token, LEASE_MS, record, keys.changes],
    )
    this.#unheard = false
    if (had === TAKEN_BY_ANOTHER) {
      this.#log?.error(
        { replicaId: self.id },
        'another process holds the lease of this replica: one must stop',
      )
      return
    }
    this.#note(JSON.parse(record) as ReplicaRecord, record)
    if (had === RENEWED && !unheard) return
    this.#log?.warn(
      { replicaId: self.id },
      'the lease may have ended: what this replica holds is registered anew',
    )
    this.#listener?.lost()
  }

  async leave(): Promise<void> {
    const self = this.#self
    if (!self) return
    this.#self = null
    const { keys } = this.#connection
    await this.#connection.run(
      'leave',
      [keys.lease(self.id), keys.replicas],
      [self.id, this.#token, JSON.stringify({ kind: 'left', id: self.id }), keys.changes],
    )
  }

  replicas(): readonly ReplicaSnapshot[] {
    return [...this.#view.values()].map(({ snapshot }) => snapshot).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#clock)
    this.#listener = null
    if (this.#subscription !== null) this.#connection.unsubscribe(this.#subscription)
  }

  async #listen(listener: RegistryListener): Promise<void> {
    const { keys } = this.#connection
    this.#listener = listener
    this.#subscription ??= await this.#connection.subscribe(keys.changes, (text) => this.#hear(text))
  }

  async #follow(): Promise<void> {
    await this.#refresh()
    this.#clock ??= setInterval(() => void this.#look(), LOOK_INTERVAL_MS)
    this.#clock.unref()
  }

  #hear(text: string): void {
    const change = parseChange(text)
    if (!change) {
      this.#log?.warn('a message in the registry could not be read')
      return
    }
    if (change.kind === 'load') this.#note(change.record, JSON.stringify(change.record))
    else this.#drop(change.id, change.kind)
  }

  #note(record: ReplicaRecord, text: string): void {
    const { load, startedAt, ...identity } = record
    const snapshot = { ...identity, ...load, startedAt: new Date(startedAt), lastSeen: new Date() }
    this.#view.set(record.id, { text, snapshot })
    this.#listener?.changed()
  }

  #drop(id: string, why: 'left' | 'ended'): void {
    this.#dropped.add(id)
    // The list may have told it before the channel does, or the channel before the list: it is told once.
    if (!this.#view.delete(id)) return
    // Its own end is told to a replica by its next report: it cannot have been told here in time.
    if (why === 'ended' && id !== this.#self?.id) this.#listener?.ended(id)
    this.#listener?.changed()
  }

  /** Looks at the leases of those that were not heard of, and once a second at the whole list. Never rejects. */
  async #look(): Promise<void> {
    if (this.#looking) return
    if (!this.available) {
      this.#deafUntil = Date.now()
      return
    }
    this.#looking = true
    try {
      const now = Date.now()
      if (now - this.#refreshedAt >= REFRESH_INTERVAL_MS) await this.#refresh()
      const suspects = [...this.#view.values()].filter(({ snapshot }) => this.#isSuspect(snapshot, now))
      await Promise.all(suspects.map(({ snapshot }) => this.#reap(snapshot.id)))
    } catch (error) {
      this.#deafUntil = Date.now()
      this.#log?.debug({ err: error }, 'the registry could not be read')
    } finally {
      this.#looking = false
    }
  }

  async #reap(id: string): Promise<void> {
    const { keys } = this.#connection
    const ended = JSON.stringify({ kind: 'ended', id })
    const reaped = await this.#connection.run(
      'reap',
      [keys.lease(id), keys.replicas],
      [id, ended, keys.changes],
    )
    if (reaped === 1) this.#log?.warn({ replicaId: id }, 'a replica is gone: its lease has ended')
  }

  async #refresh(): Promise<void> {
    const { keys } = this.#connection
    this.#dropped.clear()
    const records = await this.#connection.command((client) => client.hgetall(keys.replicas))
    this.#refreshedAt = Date.now()
    for (const [id, text] of Object.entries(records)) {
      // The same text as before is no news: when it was heard stays as it is.
      const record = this.#dropped.has(id) || this.#view.get(id)?.text === text ? null : parseRecord(text)
      if (record) this.#note(record, text)
    }
    for (const [id, { snapshot }] of this.#view) {
      // It was forgotten while we could not hear of it. A store that was just wiped is given the time to be told anew.
      if (!(id in records) && this.#isSuspect(snapshot, this.#refreshedAt)) this.#drop(id, 'ended')
    }
  }

  #isSuspect(snapshot: ReplicaSnapshot, now: number): boolean {
    return now - Math.max(snapshot.lastSeen.getTime(), this.#deafUntil) >= SUSPECT_AFTER_MS
  }
}

function idTaken(id: string, holder: string): CloudpushError {
  const record = parseRecord(holder)
  const who = record
    ? `${record.url} has had it since ${new Date(record.startedAt).toISOString()}`
    : 'it lives'
  return badUserInput(
    `Another replica is called "${id}": ${who}. Stop that one, or give this one another --replica-id.`,
  )
}

function recordOf({ id, url, version, startedAt }: ReplicaIdentity, load: Load): string {
  return JSON.stringify({ id, url, version, startedAt: startedAt.getTime(), load } satisfies ReplicaRecord)
}

function parseRecord(text: string): ReplicaRecord | null {
  try {
    const record = JSON.parse(text) as ReplicaRecord
    return isRecord(record) ? record : null
  } catch {
    return null
  }
}

function isRecord({ id, startedAt, load }: ReplicaRecord): boolean {
  return typeof id === 'string' && typeof startedAt === 'number' && typeof load === 'object' && load !== null
}

function parseChange(text: string): Change | null {
  try {
    const change = JSON.parse(text) as Change
    if (change.kind === 'load') return isRecord(change.record) ? change : null
    return (change.kind === 'left' || change.kind === 'ended') && typeof change.id === 'string'
      ? change
      : null
  } catch {
    return null
  }
}
