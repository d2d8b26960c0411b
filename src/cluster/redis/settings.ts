import {
  LIVE_SETTINGS,
  type LiveSettings,
  liveSettingProblem,
  type SettingsChange,
} from '../../config/live-settings.ts'
import type { Log } from '../../observability/log.ts'
import { type Settings, SettingsInForce } from '../settings.ts'
import type { ClusterConnection } from './connection.ts'

/** What was announced while nobody could hear is read by then. One small command per replica. */
const READ_INTERVAL_MS = 1_000

/**
 * The settings of a cluster on one Redis; see `settings.ts` for what they promise.
 *
 * Two changes at the same time: Redis puts them in an order, and every reader takes the whole hash, so all replicas end
 * with the same values. On one connection answers come in the order of the commands: an older one never overwrites.
 */
export class RedisSettings implements Settings {
  readonly #connection: ClusterConnection
  readonly #log: Log | undefined
  readonly #inForce: SettingsInForce
  #subscription: number | null = null
  #clock: NodeJS.Timeout | undefined
  #closed = false

  constructor(connection: ClusterConnection, start: LiveSettings, log: Log | undefined) {
    this.#connection = connection
    this.#log = log
    this.#inForce = new SettingsInForce(start)
  }

  get current(): LiveSettings {
    return this.#inForce.current
  }

  async follow(): Promise<void> {
    const { keys } = this.#connection
    this.#subscription ??= await this.#connection.subscribe(keys.settingsChanged, () => void this.#look())
    await this.#read()
    this.#clock ??= setInterval(() => void this.#look(), READ_INTERVAL_MS)
    this.#clock.unref()
  }

  async change(change: SettingsChange): Promise<LiveSettings> {
    const { keys } = this.#connection
    const fields = Object.entries(change).flat()
    const stored = await this.#connection.run('configure', [keys.settings], [keys.settingsChanged, ...fields])
    return this.#heard(toRecord(stored as string[]))
  }

  watch(changed: (settings: LiveSettings) => void): () => void {
    return this.#inForce.watch(changed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearInterval(this.#clock)
    if (this.#subscription !== null) this.#connection.unsubscribe(this.#subscription)
  }

  /** Never rejects: what could not be read now is read a second later. */
  async #look(): Promise<void> {
    if (this.#closed || !this.#connection.available) return
    await this.#read().catch((error: unknown) => {
      this.#log?.debug({ err: error }, 'the settings could not be read')
    })
  }

  async #read(): Promise<void> {
    const { keys } = this.#connection
    this.#heard(await this.#connection.command((client) => client.hgetall(keys.settings)))
  }

  #heard(stored: Readonly<Record<string, string>>): LiveSettings {
    if (this.#closed) return this.current
    const before = this.current
    const now = this.#inForce.configured(this.#understood(stored))
    if (now !== before) {
      const changed = LIVE_SETTINGS.filter((name) => now[name] !== before[name])
      this.#log?.info(Object.fromEntries(changed.map((name) => [name, now[name]])), 'settings changed')
    }
    return now
  }

  /** Another version may have stored what this one does not know, or would not take. */
  #understood(stored: Readonly<Record<string, string>>): SettingsChange {
    const known = LIVE_SETTINGS.flatMap((name) => {
      const text = stored[name]
      if (text === undefined || liveSettingProblem(name, text) !== null) return []
      return [[name, Number(text)] as const]
    })
    return Object.fromEntries(known)
  }
}

/** Redis answers a hash from a script as a flat list. */
function toRecord(list: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {}
  for (let index = 0; index < list.length; index += 2)
    record[list[index] as string] = list[index + 1] as string
  return record
}
