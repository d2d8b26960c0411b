import { redisAddress } from '../config/redis-url.ts'
import type { SettingName } from '../config/settings.ts'
import type { Config } from '../config.ts'
import { type Gateway, startGateway } from '../gateway/gateway.ts'
import { createLog } from '../observability/log.ts'
import { checkedConfig, toldToStop, whyNot } from './service.ts'
import { CommandFailure, EXIT, type Printed, styled, type Terminal } from './terminal.ts'

/** Runs a gateway until it is told to stop. The first SIGTERM or SIGINT stops it gracefully, the second one at once. */
export async function gateway(
  terminal: Terminal,
  flags: Partial<Record<SettingName, string>>,
  unknownFlags: readonly string[],
): Promise<number> {
  const config = checkedConfig({ command: 'gateway', flags, unknownFlags, env: terminal.env })
  const { redis } = config
  // The check of the settings has seen to it.
  if (redis === null) throw new Error('a gateway needs a Redis')
  const running = await startGateway({ ...config, redis }, createLog(config.logLevel)).catch(
    (error: unknown) => {
      throw new CommandFailure(whyNot(error, config), EXIT.refused)
    },
  )
  const stopRequested = toldToStop(terminal)
  terminal.stdout.write(banner(terminal, { ...config, redis }, running))
  await stopRequested
  const closing = running.stop()
  terminal.stderr.write(`Stopping: clients move away over ${config.drainSeconds} s. Again to stop at once.\n`)
  await closing
  return EXIT.done
}

/** Where it listens, and whose replicas it steers to. */
function banner(
  { stdout, env }: Printed,
  config: Config & { readonly redis: string },
  { id, url }: Pick<Gateway, 'id' | 'url'>,
): string {
  const bold = (text: string) => styled(stdout, env, 'bold', text)
  const dim = (text: string) => styled(stdout, env, 'dim', text)
  const shown = url.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::\]):/, '//localhost:')
  return `
${bold('Cloudpush gateway')} ${dim(id)}

  GraphQL    ${shown}/graphql
  WebSocket  ${shown.replace(/^http/, 'ws')}/graphql
  Metrics    ${shown}/metrics
  Health     ${shown}/healthz  ${shown}/readyz
  Replicas   those of Redis at ${redisAddress(config.redis)}, prefix ${config.redisPrefix}

`
}
