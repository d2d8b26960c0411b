/**
 * The settings of a cluster: the same on every replica, changed while all of them run.
 *
 * A replica starts with the values of its own flags. Each setting that was ever configured is kept in the store, outlives
 * every restart, and is stronger than the flags of all replicas. A change is in force on the replica that made it when
 * `change` has resolved; the others hear of it at once, and one that cannot hear (its connection to the store is away)
 * reads it within a second of being back. Until then it goes on with what it knew last.
 */

import type { LiveSettings, SettingsChange } from '../config/live-settings.ts'

export interface Settings extends AsyncDisposable {
  /** In force on this replica now. A new object after each change. */
  readonly current: LiveSettings
  /** Reads what is configured, and follows it from then on. Once; rejects with `BROKER_UNAVAILABLE`, then it may be called again. */
  follow(): Promise<void>
  /** Stores a change, whose values must be checked, and answers what is then in force. Rejects with `BROKER_UNAVAILABLE`. */
  change(change: SettingsChange): Promise<LiveSettings>
  /** Calls back after each change, wherever it was made. Answers how to stop. */
  watch(changed: (settings: LiveSettings) => void): () => void
}

/** What every implementation keeps: the values in force, and who wants to know. */
export class SettingsInForce {
  readonly #start: LiveSettings
  readonly #watchers = new Set<(settings: LiveSettings) => void>()
  current: LiveSettings

  /** `start`: what holds where nothing was configured. */
  constructor(start: LiveSettings) {
    this.#start = start
    this.current = start
  }

  /** What is configured is exactly this now. */
  configured(configured: SettingsChange): LiveSettings {
    const next = { ...this.#start, ...configured }
    const names = Object.keys(next) as (keyof LiveSettings)[]
    if (names.some((name) => next[name] !== this.current[name])) {
      this.current = next
      for (const changed of [...this.#watchers]) changed(next)
    }
    return this.current
  }

  watch(changed: (settings: LiveSettings) => void): () => void {
    // The same function may watch twice; each is told, and each stops by itself.
    const watcher = (settings: LiveSettings) => changed(settings)
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }
}
