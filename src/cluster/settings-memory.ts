import type { LiveSettings, SettingsChange } from '../config/live-settings.ts'
import { type Settings, SettingsInForce } from './settings.ts'

/** The settings of a replica that is alone: gone when it ends. */
export function createMemorySettings(start: LiveSettings): Settings {
  const inForce = new SettingsInForce(start)
  let configured: SettingsChange = {}
  return {
    get current() {
      return inForce.current
    },
    async follow() {},
    async change(change) {
      configured = { ...configured, ...change }
      return inForce.configured(configured)
    },
    watch: (changed) => inForce.watch(changed),
    async [Symbol.asyncDispose]() {},
  }
}
