import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { closest } from '../config/closest.ts'
import { API_KEY_HELP, TOKEN_HELP } from './credentials.ts'
import type { DrainCommand } from './drain.ts'
import { URL_HELP } from './endpoint.ts'
import type { ListenCommand } from './listen.ts'
import type { PushCommand } from './push.ts'
import type { ReplicasCommand } from './replicas.ts'
import { addGateway, addStart, type Run } from './service-commands.ts'
import { CommandFailure, EXIT, EXIT_CODES_HELP, styled, type Terminal } from './terminal.ts'
import type { TokenCommand } from './token.ts'

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

  /** A command that asks a gateway for something. */
  const handTool = (name: string) =>
    program
      .command(name)
      .option('--url <url>', URL_HELP)
      .option('--token <token>', TOKEN_HELP)
      .option('--api-key <key>', API_KEY_HELP)

  addStart(program, terminal, run)
  addGateway(program, terminal, run)

  handTool('listen')
    .description('print what is pushed to identifiers, and go on whatever happens to the connection')
    .argument('<identifier...>', 'identifiers to subscribe to')
    .option('--json', 'one JSON object per message and line on stdout, and nothing else there')
    .option('--count <n>', 'leave after so many messages')
    .option('--after <cursor...>', 'begin after these cursors, one per identifier')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush listen alice\n  cloudpush listen alice room:lobby --json | jq .payload\n${EXIT_CODES_HELP}`,
    )
    .action((identifiers: string[], options: ListenCommand) =>
      run(async () => (await import('./listen.ts')).listen(terminal, identifiers, options)),
    )

  handTool('push')
    .description('push a JSON payload to identifiers')
    .argument(
      '[identifier-or-json...]',
      'identifiers, then the payload; without it, or as -, it is read from stdin',
    )
    .option('--everyone', 'to every subscription there is; then only the payload is given')
    .option('--id <id>', 'the id of this push: repeated, it is not pushed again')
    .option('--delay <seconds>', 'go out so much later')
    .option('--ttl <seconds>', 'do not deliver after so many seconds; 0: to live subscriptions only')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush push alice '{"text":"hi"}'\n  cloudpush push alice bob '"hello"' --ttl 60\n  echo '{"n":1}' | cloudpush push alice\n  cloudpush push alice bob - < payload.json\n  cloudpush push --everyone '{"text":"maintenance at noon"}'\n${EXIT_CODES_HELP}`,
    )
    .action((words: string[], options: PushCommand) =>
      run(async () => (await import('./push.ts')).push(terminal, words, options)),
    )

  handTool('replicas')
    .description('list the replicas with load and weight')
    .option('--json', 'print them as JSON')
    .option('--watch', 'again every second, until interrupted')
    .addHelpText(
      'after',
      `\nExamples:\n  cloudpush replicas\n  cloudpush replicas --watch\n${EXIT_CODES_HELP}`,
    )
    .action((options: ReplicasCommand) =>
      run(async () => (await import('./replicas.ts')).replicas(terminal, options)),
    )

  handTool('drain')
    .description('move the sessions of a replica away, evenly, and wait until it is empty')
    .argument('<replica>', 'its id, as cloudpush replicas shows it')
    .option('--within <seconds>', 'how long its sessions have (default: 30)')
    .option('--json', 'print the replica as JSON when it is empty')
    .addHelpText('after', `\nExamples:\n  cloudpush drain r-79aca9062763 --within 60\n${EXIT_CODES_HELP}`)
    .action((replicaId: string, options: DrainCommand) =>
      run(async () => (await import('./drain.ts')).drain(terminal, replicaId, options)),
    )

  handTool('undrain')
    .description('take a drain back: the replica accepts connections again')
    .argument('<replica>', 'its id, as cloudpush replicas shows it')
    .option('--json', 'print the replica as JSON')
    .addHelpText('after', `\nExamples:\n  cloudpush undrain r-79aca9062763\n${EXIT_CODES_HELP}`)
    .action((replicaId: string, options: DrainCommand) =>
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
    .action((options: TokenCommand) => run(async () => (await import('./token.ts')).token(terminal, options)))

  return program
}
