import { redisAddress } from '../config/redis-url.ts'
import type { SettingName } from '../config/settings.ts'
import { type Config, hasAuthentication, isLoopback } from '../config.ts'
import { createLog } from '../observability/log.ts'
import { type Replica, startReplica } from '../server/replica.ts'
import { checkedConfig, toldToStop, whyNot } from './service.ts'
import { CommandFailure, EXIT, type Printed, styled, type Terminal } from './terminal.ts'

/** Runs a replica until it is told to stop. The first SIGTERM or SIGINT stops it gracefully, the second one at once. */
export async function start(
  terminal: Terminal,
  flags: Partial<Record<SettingName, string>>,
  unknownFlags: readonly string[],
): Promise<number> {
  const config = checkedConfig({ flags, unknownFlags, env: terminal.env })
  const log = createLog(config.logLevel)
  const replica = await startReplica(config, log).catch((error: unknown) => {
    throw new CommandFailure(whyNot(error, config), EXIT.refused)
  })
  const stopRequested = toldToStop(terminal)
  terminal.stdout.write(banner(terminal, config, replica))
  await stopRequested
  const closing = replica.stop()
  terminal.stderr.write(
    `Stopping: sessions move away over ${replica.drainSeconds} s. Again to stop at once.\n`,
  )
  await closing
  return EXIT.done
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
      : `Redis at ${redisAddress(config.redis)}`
  const elsewhere = url === 'http://localhost:4000' ? '' : ` --url ${url}/graphql`
  const shown = hasAuthentication(config) ? ' --token "$TOKEN"' : ''
  return `
${bold('Cloudpush')} ${dim(replica.id)}

  GraphiQL   ${url}/graphql
  WebSocket  ${url.replace(/^http/, 'ws')}/graphql
  Console    ${url}/console
  Metrics    ${url}/metrics
  Health     ${url}/healthz  ${url}/readyz
  Broker     ${broker}

${whoMayCome({ stdout, env }, config)}

Your first message, from two other terminals${shown === '' ? '' : howToToken(config)}:

  npx cloudpush listen alice${elsewhere}${shown}
  npx cloudpush push alice '{"text":"hi"}'${elsewhere}${shown}

`
}

function howToToken({ jwtSecret }: Config): string {
  return jwtSecret === null
    ? ', with a token that may subscribe and push to alice'
    : ', with TOKEN=$(npx cloudpush token --subscribe alice --push alice) and the same secret'
}

function whoMayCome({ stdout, env }: Printed, config: Config): string {
  const dim = (text: string) => styled(stdout, env, 'dim', text)
  if (hasAuthentication(config)) {
    return dim('Whoever comes shows a token or an API key (cloudpush token --help).')
  }
  if (isLoopback(config.host)) {
    return dim('No authentication is configured: whoever is on this machine may do everything.')
  }
  const warning = 'No authentication is configured: whoever reaches this address may do everything.'
  return styled(stdout, env, 'yellow', warning)
}
