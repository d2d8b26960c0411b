import { styleText } from 'node:util'

/** What a command talks to. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}

/** What text for stdout depends on. */
export interface Printed {
  readonly env: Terminal['env']
  readonly stdout: Pick<NodeJS.WriteStream, 'isTTY'>
}

/** Exit codes of every command, as `--help` lists them. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  the gateway answered with an error
  2  the command is wrong
  3  the gateway cannot be reached`

type Style = Parameters<typeof styleText>[0]

/** Colours where a person looks: on a terminal, unless NO_COLOR is set (no-color.org). */
export function styled(
  stream: Pick<NodeJS.WriteStream, 'isTTY'>,
  env: Terminal['env'],
  style: Style,
  text: string,
): string {
  return stream.isTTY && !env['NO_COLOR'] ? styleText(style, text, { validateStream: false }) : text
}

/** Ends a command with one clear message and a code. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.name = 'CommandFailure'
    this.exitCode = exitCode
  }
}

/** What the gateway answered instead of a result: the first error, its code before it. */
export function refusal(
  errors: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[],
): CommandFailure {
  const [error] = errors
  const code = typeof error?.extensions?.code === 'string' ? error.extensions.code : 'ERROR'
  return new CommandFailure(`${code}: ${error?.message ?? 'no reason given'}`, EXIT.refused)
}
