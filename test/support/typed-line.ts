import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EVENT_LIMIT_MS } from './arrivals.ts'

export interface TypedLine extends AsyncDisposable {
  /** All that it wrote to stdout so far. */
  output(): string
  /** Waits for its end; answers its stdout. Rejects, with all that it wrote, when its exit code is not 0. */
  finished(): Promise<string>
}

/**
 * A line as a person types it into a shell. It runs in a process group of its own: disposing ends whatever it started,
 * and waits for that.
 */
export function typeLine(line: string, { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): TypedLine {
  const child = spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  let ended = false
  // Its output ends when the last process of the group that holds it does.
  const closed = once(child, 'close').then(([code]) => {
    ended = true
    return code as number | null
  })
  return {
    output: () => stdout,
    async finished() {
      let timer: NodeJS.Timeout | undefined
      const limit = new Promise<'no end'>((resolve) => {
        timer = setTimeout(resolve, EVENT_LIMIT_MS, 'no end')
      })
      const end = await Promise.race([closed, limit]).finally(() => clearTimeout(timer))
      if (end !== 0) throw new Error(`\`${line}\`: ${end ?? 'killed'}\n${stdout}\n${stderr}`)
      return stdout
    },
    async [Symbol.asyncDispose]() {
      if (!ended && child.pid !== undefined) killGroup(child.pid)
      await closed
    },
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    // It went by itself in this very moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
