import { type Command, Option } from 'commander'
import type { Setting } from '../config/setting.ts'
import { SETTINGS, type ServiceCommand, type SettingName, settingsOf } from '../config/settings.ts'
import { variableOf } from '../config.ts'
import type { Terminal } from './terminal.ts'

/** Runs what a command does, for its exit code. */
export type Run = (action: () => Promise<number>) => Promise<void>

export function addStart(program: Command, terminal: Terminal, run: Run): void {
  const start = program
    .command('start', { isDefault: true })
    .description('run a replica: alone on the embedded broker, or one of a cluster with --redis')
  addService(start, 'start', run, async (flags, unknown) =>
    (await import('./start.ts')).start(terminal, flags, unknown),
  )
  start.addHelpText(
    'after',
    `\nEvery option has a variable, such as ${variableOf('retentionSeconds')}; PORT, HOST and REDIS_URL are understood too.\n\nExamples:\n  cloudpush start\n  cloudpush start --redis redis://localhost:6379 --port 4001\n\n${SERVICE_EXIT_CODES}`,
  )
}

export function addGateway(program: Command, terminal: Terminal, run: Run): void {
  const gateway = program
    .command('gateway')
    .description('run the front door of a cluster: its clients keep their sockets while replicas come and go')
  addService(gateway, 'gateway', run, async (flags, unknown) =>
    (await import('./gateway.ts')).gateway(terminal, flags, unknown),
  )
  gateway.addHelpText(
    'after',
    `\nEvery option has a variable, such as ${variableOf('holdSeconds')}; PORT, HOST and REDIS_URL are understood too.\n\nExamples:\n  cloudpush gateway --redis redis://localhost:6379\n  cloudpush gateway --redis redis://localhost:6379 --port 80 --host 0.0.0.0 --insecure\n\n${SERVICE_EXIT_CODES}`,
  )
}

const SERVICE_EXIT_CODES = 'Exit codes:\n  0  stopped\n  1  the start failed\n  2  a setting is wrong'

type RunService = (
  flags: Partial<Record<SettingName, string>>,
  unknownFlags: readonly string[],
) => Promise<number>

/** Gives a command the options that are its settings. */
function addService(command: Command, name: ServiceCommand, run: Run, service: RunService): void {
  const names = settingsOf(name)
  for (const setting of names) command.addOption(optionOf(setting))
  command
    // Unknown ones are told together with what else is wrong, by the check of the settings.
    .allowUnknownOption()
    .allowExcessArguments()
    .action((_options: unknown, command: Command) =>
      run(() => {
        const flags: Partial<Record<SettingName, string>> = {}
        for (const setting of names) {
          const value = command.getOptionValue(setting) as string | boolean | undefined
          if (value !== undefined) flags[setting] = String(value)
        }
        return service(flags, unknownFlags(command.args))
      }),
    )
}

/** A word after an unknown flag is most likely its value, and no mistake of its own. */
function unknownFlags(words: readonly string[]): string[] {
  const takesNext = (word: string | undefined) => word?.startsWith('-') === true && !word.includes('=')
  return words.filter((word, index) => word.startsWith('-') || !takesNext(words[index - 1]))
}

function optionOf(name: SettingName): Option {
  const setting: Setting = SETTINGS[name]
  const fallback =
    setting.fallback === null || setting.value === null ? '' : ` (default: ${setting.fallback})`
  const flags = setting.value === null ? `--${setting.flag}` : `--${setting.flag} ${setting.value}`
  return new Option(flags, `${setting.description}${fallback}`).helpGroup(`${setting.group}:`)
}
