import type { Config } from '../config.ts'
import { SETTINGS, type SettingName } from './settings.ts'

/**
 * The settings that hold for all replicas of a cluster and can be changed while they run (mutation `configure`). Flags are
 * what they start with; what was configured since is stronger.
 */
export const LIVE_SETTINGS = [
  'retentionSeconds',
  'retentionMessages',
  'resumeSeconds',
  'idleTimeoutSeconds',
  'drainSeconds',
  'maxPayloadBytes',
  'connectionRatePerSecond',
  'pushRatePerSecond',
] as const satisfies readonly SettingName[]

export type LiveSettingName = (typeof LIVE_SETTINGS)[number]

/** One value of each, as it is in force. */
export type LiveSettings = { readonly [Name in LiveSettingName]: number }

/** What is to change; the rest stays as it is. */
export type SettingsChange = { readonly [Name in LiveSettingName]?: number }

/** The settings of a configuration that are the start values of the live ones. */
export function liveSettingsOf(config: Config): LiveSettings {
  return Object.fromEntries(LIVE_SETTINGS.map((name) => [name, config[name]])) as unknown as LiveSettings
}

/** What is wrong with a value, as its flag would say it ("must be …"); null when nothing is. */
export function liveSettingProblem(name: LiveSettingName, value: unknown): string | null {
  const parsed = SETTINGS[name].schema.safeParse(String(value))
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'is wrong')
}
