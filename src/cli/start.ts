import type { SettingName } from '../config/settings.ts'
import { type Config, isLoopback, parseConfig } from '../config.ts'
import { createLog } from '../observability/log.ts'
import { type Replica, startReplica } from '../server/replica.ts'
import { CommandFailure, EXIT, type Printed, styled, type Terminal } from './terminal.ts'

/** Runs a replica until it is told to stop. The first SIGTERM or SIGINT stops it gracefully, the second one at once. */
export async function start(
  terminal: Terminal,
  flags: Partial<Record<SettingName, string>>,
  unknownFlags: readonly string[],
): Promise<number> {
  const parsed = parseConfig({ flags, unknownFlags, env: terminal.env })
  if ('problems' in parsed) {
    const list = parsed.problems.map((problem) => `  - ${problem}`).join('\n')
    throw new CommandFailure(
      `Cloudpush does not start; ${count(parsed.problems)} to mend:\n${list}`,
      EXIT.usage,
    )
  }
  const { config } = parsed
  const log = createLog(config.logLevel)
  const replica = await startReplica(config, log).catch((error: unknown) => {
    throw new CommandFailure(whyNot(error, config), EXIT.refused)
  })
  const stopRequested = new Promise<void>((resolve) => {
    // One listener, from before anybody knows that we run: while there is none, a signal ends the process at once.
    let signals = 0
    const onSignal = () => {
      signals++
      if (signals === 1) resolve()
      else terminal.exit(EXIT.refused)
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
  terminal.stdout.write(banner(terminal, config, replica))
  await stopRequested
  const closing = replica.stop()
  terminal.stderr.write(
    `Stopping: sessions move away over ${replica.drainSeconds} s. Again to stop at once.\n`,
  )
  await closing
  return EXIT.done
}

function count(problems: readonly string[]): string {
  return problems.length === 1 ? 'one setting is' : `${problems.length} settings are`
}

function whyNot(error: unknown, config: Config): string {
  const { code, message } = error as NodeJS.ErrnoException
  const place = `${config.host}:${config.port}`
  if (code === 'EADDRINUSE') {
    return `${place} is in use. Stop what listens there, or choose another port: --port 4001 (0: any free one).`
  }
  if (code === 'EACCES')
    return `Listening on ${place} is not allowed. Choose a port from 1024 on: --port 4000.`
  if (code === 'EADDRNOTAVAIL')
    return `This machine has no address ${config.host}. Choose another: --host 127.0.0.1.`
  return message
}

/** Where everything is, who may reach it, and two lines to paste for a first message. */
export function banner(
  { stdout, env }: Printed,
  config: Config,
  replica: Pick<Replica, 'id' | 'url'>,
): string {
  const bold = (text: string) => styled(stdout, env, 'bold', text)
  const dim = (text: string) => styled(stdout, env, 'dim', text)
  // From this machine, `localhost` is where 127.0.0.1 and "every address" are reached.
  const url = replica.url.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::\]):/, '//localhost:')
  const broker =
    config.redis === null
      ? 'embedded, in memory: gone when this process ends'
      : `Redis at ${new URL(config.redis).host}`
  const warning = isLoopback(config.host)
    ? dim('No authentication is configured: whoever is on this machine may do everything.')
    : styled(
        stdout,
        env,
        'yellow',
        'No authentication is configured: whoever reaches this address may do everything.',
      )
  const elsewhere = url === 'http://localhost:4000' ? '' : ` --url ${url}/graphql`
  return `
${bold('Cloudpush')} ${dim(replica.id)}

  GraphiQL   ${url}/graphql
  WebSocket  ${url.replace(/^http/, 'ws')}/graphql
  Console    ${url}/console
  Metrics    ${url}/metrics
  Health     ${url}/healthz  ${url}/readyz
  Broker     ${broker}

${warning}

Your first message, from two other terminals:

  npx cloudpush listen alice${elsewhere}
  npx cloudpush push alice '{"text":"hi"}'${elsewhere}

`
}
