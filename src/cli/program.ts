import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { closest } from '../config/closest.ts'
import {
  SETTINGS,
  type ServiceCommand,
  type Setting,
  type SettingName,
  settingsOf,
} from '../config/settings.ts'
import { variableOf } from '../config.ts'
import { API_KEY_HELP, type CredentialOptions, TOKEN_HELP } from './credentials.ts'
import { URL_HELP } from './endpoint.ts'
import { CommandFailure, EXIT, EXIT_CODES_HELP, styled, type Terminal } from './terminal.ts'

interface ListenOptions extends CredentialOptions {
  readonly url?: string
  readonly json?: true
  readonly count?: string
  readonly after?: string[]
}

interface PushOptions extends CredentialOptions {
  readonly url?: string
  readonly json?: true
  readonly everyone?: true
  readonly id?: string
  readonly delay?: string
  readonly ttl?: string
}

interface DrainOptions extends CredentialOptions {
  readonly url?: string
  readonly json?: true
  readonly within?: string
}

interface TokenOptions {
  readonly subscribe?: string[]
  readonly push?: string[]
  readonly admin?: true
  readonly subject?: string
  readonly expires?: string
  readonly jwtSecret?: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: string
}

interface ReplicasOptions extends CredentialOptions {
  readonly url?: string
  readonly json?: true
  readonly watch?: true
}

/**
 * Runs one command line and answers its exit code. What goes wrong as expected is said on stderr; anything else that is
 * thrown is a bug, and comes through.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.done
  const program = createProgram(terminal, async (action) => {
    exitCode = await action()
  })
  try {
    refuseUnknownCommand(program, words)
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (!(error instanceof CommandFailure)) throw error
    terminal.stderr.write(`${styled(terminal.stderr, terminal.env, 'red', error.message)}\n`)
    return error.exitCode
  }
}

/** `start` is the default: without this, `cloudpush pusj alice` would be a `start` with too many words. */
function refuseUnknownCommand(program: Command, [word]: readonly string[]): void {
  const known = [...program.commands.map((command) => command.name()), 'help']
  if (word === undefined || word.startsWith('-') || known.includes(word)) return
  const meant = closest(word, known)
  const rest = meant ? `Did you mean cloudpush ${meant}?` : 'cloudpush --help lists them.'
  throw new CommandFailure(`There is no command "${word}". ${rest}`, EXIT.usage)
}

type Run = (action: () => Promise<number>) => Promise<void>

/** All commands. What one needs is loaded when it runs, so that the small ones start fast. */
function createProgram(terminal: Terminal, run: Run): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('cloudpush')
    .description('A push gateway for GraphQL subscriptions.')
    .version(version)
    .showHelpAfterError('(cloudpush --help lists the commands and their options)')
    .addHelpText(
      'after',
      `\nFirst message, from three terminals:\n  cloudpush start\n  cloudpush listen alice\n  cloudpush push alice '{"text":"hi"}'`,
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })

  addStart(program, terminal, run)
  addGateway(program, terminal, run)

  program
    .command('listen')
    .description('print what is pushed to identifiers, and go on whatever happens to the connection')
    .argument('<identifier...>', 'identifiers to subscribe to')
    .option('--url <url>', URL_HELP)
    .option('--token <token>', TOKEN_HELP)
    .option('--api-key <key>', API_KEY_HELP)
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
    .option('--token <token>', TOKEN_HELP)
    .option('--api-key <key>', API_KEY_HELP)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush push alice '{"text":"hi"}'\n  cloudpush push alice bob '"hello"' --ttl 60\n  echo '{"n":1}' | cloudpush push alice\n  cloudpush push alice bob - < payload.json\n  cloudpush push --everyone '{"text":"maintenance at noon"}'\n${EXIT_CODES_HELP}`,
    )
    .action((words: string[], options: PushOptions) =>
      run(async () => (await import('./push.ts')).push(terminal, words, options)),
    )

  program
    .command('replicas')
    .description('list the replicas with load and weight')
    .option('--url <url>', URL_HELP)
    .option('--token <token>', TOKEN_HELP)
    .option('--api-key <key>', API_KEY_HELP)
    .option('--json', 'print them as JSON')
    .option('--watch', 'again every second, until interrupted')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush replicas\n  cloudpush replicas --watch\n${EXIT_CODES_HELP}`,
    )
    .action((options: ReplicasOptions) =>
      run(async () => (await import('./replicas.ts')).replicas(terminal, options)),
    )

  program
    .command('drain')
    .description('move the sessions of a replica away, evenly, and wait until it is empty')
    .argument('<replica>', 'its id, as cloudpush replicas shows it')
    .option('--within <seconds>', 'how long its sessions have (default: 30)')
    .option('--url <url>', URL_HELP)
    .option('--token <token>', TOKEN_HELP)
    .option('--api-key <key>', API_KEY_HELP)
    .option('--json', 'print the replica as JSON when it is empty')
    .addHelpText('after', `\nExamples:\n  cloudpush drain r-79aca9062763 --within 60\n${EXIT_CODES_HELP}`)
    .action((replicaId: string, options: DrainOptions) =>
      run(async () => (await import('./drain.ts')).drain(terminal, replicaId, options)),
    )

  program
    .command('undrain')
    .description('take a drain back: the replica accepts connections again')
    .argument('<replica>', 'its id, as cloudpush replicas shows it')
    .option('--url <url>', URL_HELP)
    .option('--token <token>', TOKEN_HELP)
    .option('--api-key <key>', API_KEY_HELP)
    .option('--json', 'print the replica as JSON')
    .addHelpText('after', `\nExamples:\n  cloudpush undrain r-79aca9062763\n${EXIT_CODES_HELP}`)
    .action((replicaId: string, options: DrainOptions) =>
      run(async () => (await import('./drain.ts')).undrain(terminal, replicaId, options)),
    )

  program
    .command('token')
    .description('make a token for trying things out, signed with the secret of the gateway')
    .option('--subscribe <pattern...>', 'identifiers that it may subscribe to: alice, room:*, **')
    .option('--push <pattern...>', 'identifiers that it may push to')
    .option('--admin', 'it may operate: drain, configure, disconnect …, and push to all')
    .option('--subject <name>', 'whom it names (default: the first identifier of --subscribe, else test)')
    .option('--expires <time>', 'how long it counts: 90s, 15m, 1h, 30d (default: 1h)')
    .option(
      '--jwt-secret <secret>',
      'the secret, or @ and the file that has it (default: CLOUDPUSH_JWT_SECRET)',
    )
    .option('--jwt-issuer <text>', 'its iss (default: CLOUDPUSH_JWT_ISSUER, else none)')
    .option('--jwt-audience <text>', 'its aud (default: CLOUDPUSH_JWT_AUDIENCE, else none)')
    .addHelpText(
      'after',
      `\nExamples:\n  export CLOUDPUSH_TOKEN=$(cloudpush token --subscribe alice --push 'room:*')\n  cloudpush token --admin --subject ops --expires 15m --jwt-secret @/run/secrets/jwt\n${EXIT_CODES_HELP}`,
    )
    .action((options: TokenOptions) => run(async () => (await import('./token.ts')).token(terminal, options)))

  return program
}

function addStart(program: Command, terminal: Terminal, run: Run): void {
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

function addGateway(program: Command, terminal: Terminal, run: Run): void {
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
