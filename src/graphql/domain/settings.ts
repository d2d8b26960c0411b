import {
  LIVE_SETTINGS,
  type LiveSettings,
  liveSettingProblem,
  type SettingsChange,
} from '../../config/live-settings.ts'
import { badUserInput } from '../../errors.ts'
import type { Services } from '../context.ts'
import type { SettingsInput } from '../generated/resolvers.ts'
import { type Events, eventStream } from './events.ts'

/** The settings in force. */
export function readSettings({ settings }: Services): LiveSettings {
  return settings.current
}

/** The settings at once, then after each change. */
export function watchSettings({ settings }: Services): Events<'settings', LiveSettings> {
  return eventStream('settings', async (send) => {
    send(settings.current)
    const stop = settings.watch(send)
    return async () => stop()
  })
}

/**
 * Changes settings on every replica. Answers those then in force. Throws `BAD_USER_INPUT` that names every value that
 * cannot be; then nothing is changed.
 */
export function configure({ settings }: Services, input: SettingsInput): Promise<LiveSettings> {
  const change: SettingsChange = Object.fromEntries(
    LIVE_SETTINGS.flatMap((name) => (input[name] == null ? [] : [[name, input[name]] as const])),
  )
  const problems = LIVE_SETTINGS.flatMap((name) => {
    const problem = change[name] === undefined ? null : liveSettingProblem(name, change[name])
    return problem === null ? [] : [{ name, text: `input.${name} ${problem}; it is ${change[name]}.` }]
  })
  if (problems.length > 0) {
    throw badUserInput(problems.map(({ text }) => text).join(' '), {
      arguments: problems.map(({ name }) => `input.${name}`),
    })
  }
  return settings.change(change)
}
