import { readFileSync } from 'node:fs'
import { Command, type CommanderError, Option } from 'commander'
import { SETTINGS, type Setting, type SettingName } from '../config/settings.ts'
import { variableOf } from '../config.ts'
import { URL_HELP } from './endpoint.ts'
import { CommandFailure, EXIT, EXIT_CODES_HELP, styled, type Terminal } from './terminal.ts'

interface ListenOptions {
  readonly url?: string
  readonly json?: true
  readonly count?: string
  readonly after?: string[]
}

interface PushOptions {
  readonly url?: string
  readonly json?: true
  readonly everyone?: true
  readonly id?: string
  readonly delay?: string
  readonly ttl?: string
}

interface ReplicasOptions {
  readonly url?: string
  readonly json?: true
  readonly watch?: true
}

/** The whole command line. What a command needs is loaded when it runs, so that the small ones start fast. */
export function createProgram(terminal: Terminal): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('cloudpush')
    .description('A push gateway for GraphQL subscriptions.')
    .version(version)
    .showHelpAfterError('(cloudpush --help lists the commands and their options)')
    .exitOverride((error) => leave(terminal, error))
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
  const run = (action: () => Promise<number>) => guarded(terminal, action)

  addStart(program, terminal)

  program
    .command('listen')
    .description('print what is pushed to identifiers, and go on whatever happens to the connection')
    .argument('<identifier...>', 'identifiers to subscribe to')
    .option('--url <url>', URL_HELP)
    .option('--json', 'one JSON object per message and line on stdout, and nothing else there')
    .option('--count <n>', 'leave after so many messages')
    .option('--after <cursor...>', 'begin after these cursors, one per identifier')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush listen alice\n  cloudpush listen alice room:lobby --json | jq .payload\n${EXIT_CODES_HELP}`,
    )
    .action((identifiers: string[], options: ListenOptions) =>
      run(async () => (await import('./listen.ts')).listen(terminal, identifiers, options)),
    )

  program
    .command('push')
    .description('push a JSON payload to identifiers')
    .argument(
      '[identifier-or-json...]',
      'identifiers, then the payload; without it, or as -, it is read from stdin',
    )
    .option('--everyone', 'to every subscription there is; then only the payload is given')
    .option('--id <id>', 'the id of this push: repeated, it is not pushed again')
    .option('--delay <seconds>', 'go out so much later')
    .option('--ttl <seconds>', 'do not deliver after so many seconds; 0: to live subscriptions only')
    .option('--url <url>', URL_HELP)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush push alice '{"text":"hi"}'\n  cloudpush push alice bob '"hello"' --ttl 60\n  echo '{"n":1}' | cloudpush push alice\n  cloudpush push --everyone '{"text":"maintenance at noon"}'\n${EXIT_CODES_HELP}`,
    )
    .action((words: string[], options: PushOptions) =>
      run(async () => (await import('./push.ts')).push(terminal, words, options)),
    )

  program
    .command('replicas')
    .description('list the replicas with load and weight')
    .option('--url <url>', URL_HELP)
    .option('--json', 'print them as JSON')
    .option('--watch', 'again every second, until interrupted')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush replicas\n  cloudpush replicas --watch\n${EXIT_CODES_HELP}`,
    )
    .action((options: ReplicasOptions) =>
      run(async () => (await import('./replicas.ts')).replicas(terminal, options)),
    )

  return program
}

function addStart(program: Command, terminal: Terminal): void {
  const start = program
    .command('start', { isDefault: true })
    .description('run a gateway: alone on the embedded broker, or as a replica of a cluster with --redis')
  for (const name of Object.keys(SETTINGS) as SettingName[]) start.addOption(optionOf(name))
  start
    .addHelpText(
      'after',
      `\nEvery option has a variable, such as ${variableOf('retentionSeconds')}; PORT, HOST and REDIS_URL are understood too.\n\nExamples:\n  cloudpush start\n  cloudpush start --redis redis://localhost:6379 --port 4001\n\nExit codes:\n  0  stopped\n  1  the start failed\n  2  a setting is wrong`,
    )
    .action((_options: unknown, command: Command) =>
      guarded(terminal, async () => {
        const flags: Partial<Record<SettingName, string>> = {}
        for (const name of Object.keys(SETTINGS) as SettingName[]) {
          const value = command.getOptionValue(name) as string | boolean | undefined
          if (value !== undefined) flags[name] = String(value)
        }
        return (await import('./start.ts')).start(terminal, flags)
      }),
    )
}

function optionOf(name: SettingName): Option {
  const setting: Setting = SETTINGS[name]
  const fallback =
    setting.fallback === null || setting.value === null ? '' : ` (default: ${setting.fallback})`
  const flags = setting.value === null ? `--${setting.flag}` : `--${setting.flag} ${setting.value}`
  return new Option(flags, `${setting.description}${fallback}`).helpGroup(`${setting.group}:`)
}

/** Runs a command; its result, or the failure's, is the exit code. Anything else that is thrown is a bug, and shows. */
async function guarded(terminal: Terminal, action: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await action()
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    terminal.stderr.write(`${styled(terminal.stderr, terminal.env, 'red', error.message)}\n`)
    process.exitCode = error.exitCode
  }
}

/** Commander has said what was wrong, or shown the help that was asked for. */
function leave(terminal: Terminal, error: CommanderError): never {
  void terminal
  process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage)
}
