import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Arrivals } from './arrivals.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface CommandOptions {
  /** What it reads; default: nothing, at once. */
  readonly stdin?: string
  /** All of its environment but `PATH`. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `cloudpush …` in a process of its own, as users run it. Disposing kills it where it still runs. */
export class Command implements AsyncDisposable {
  /** Lines as they come. */
  readonly stdout = new Arrivals<string>('line of stdout')
  readonly stderr = new Arrivals<string>('line of stderr')
  readonly #child
  readonly #finished: Promise<Finished>

  constructor(words: readonly string[], { stdin = '', env = {} }: CommandOptions = {}) {
    this.#child = spawn(process.execPath, [MAIN, ...words], {
      // What is configured in the shell of whoever runs the tests is not for it.
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const written = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#child[name].setEncoding('utf8')
      stream.on('data', (text: string) => {
        written[name] += text
      })
      createInterface({ input: stream }).on('line', (line) => this[name].add(line))
    }
    // A command that does not read its stdin may end before all of it is written.
    this.#child.stdin.on('error', () => {})
    this.#child.stdin.end(stdin)
    this.#finished = once(this.#child, 'close').then(([code]) => {
      this.stdout.end('the command has ended')
      this.stderr.end('the command has ended')
      return { code: code as number | null, ...written }
    })
  }

  /** Resolves when it has ended, whatever its exit code. */
  finished(): Promise<Finished> {
    return this.stderr.within('end of the command', this.#finished)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Nobody reads its stdout any more, as after `| head -1`. */
  closeStdout(): void {
    this.#child.stdout.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.#finished
  }
}

/** Runs `cloudpush …` to its end. */
export async function runCommand(words: readonly string[], options?: CommandOptions): Promise<Finished> {
  await using command = new Command(words, options)
  return await command.finished()
}
