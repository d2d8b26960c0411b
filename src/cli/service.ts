import { type Config, type ConfigSource, parseConfig } from '../config.ts'
import { CommandFailure, EXIT, type Terminal } from './terminal.ts'

/** The settings of a command that runs until it is stopped; a failure lists every problem there is. */
export function checkedConfig(source: ConfigSource): Config {
  const parsed = parseConfig(source)
  if ('config' in parsed) return parsed.config
  const list = parsed.problems.map((problem) => `  - ${problem}`).join('\n')
  throw new CommandFailure(
    `Cloudpush does not start; ${count(parsed.problems)} to mend:\n${list}`,
    EXIT.usage,
  )
}

function count(problems: readonly string[]): string {
  return problems.length === 1 ? 'one setting is' : `${problems.length} settings are`
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once. */
export function toldToStop(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    // One listener, from before anybody knows that we run: while there is none, a signal ends the process at once.
    let signals = 0
    const onSignal = () => {
      signals++
      if (signals === 1) resolve()
      else terminal.exit(EXIT.refused)
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
}

/** What to do about a start that failed. */
export function whyNot(error: unknown, config: Config): string {
  const { code, message, port = config.port } = error as NodeJS.ErrnoException & { readonly port?: number }
  const place = `${config.host}:${port}`
  const flag = port === config.agentPort ? '--agent-port' : '--port'
  if (code === 'EADDRINUSE') {
    return `${place} is in use. Stop what listens there, or choose another port: ${flag} 4001 (0: any free one).`
  }
  if (code === 'EACCES')
    return `Listening on ${place} is not allowed. Choose a port from 1024 on: --port 4000.`
  if (code === 'EADDRNOTAVAIL')
    return `This machine has no address ${config.host}. Choose another: --host 127.0.0.1.`
  return message
}
