import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisServerPath } from './binaries.ts'

/** A real `redis-server` on a free port of the loopback, with a data directory of its own. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>`; stays the same across restarts. */
  readonly url: string
  readonly port: number
  /** Process id of the running server; undefined while it is down. */
  readonly pid: number | undefined
  /** Ends it as an operator would (SIGTERM: it saves what its options say). Its data stay until disposal. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Starts it again on the same port and data; stops it first when it runs. */
  restart(): Promise<void>
  /** SIGSTOP and SIGCONT: connections stay open, nothing answers. */
  pause(): void
  resume(): void
}

export interface RedisServerOptions {
  /** Keep an append-only file, synced on every write: nothing is lost on `kill`. */
  readonly appendOnly?: boolean
  /** More arguments for `redis-server`, such as `['--maxmemory', '50mb']`. */
  readonly args?: readonly string[]
  /** What stands in its configuration file; a Sentinel writes to it. Default: there is none. */
  readonly config?: string
}

const START_LIMIT_MS = 15_000 // 15 seconds

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'cloudpush-redis-'))
  const binary = redisServerPath()
  const configFile = join(directory, 'redis.conf')
  if (options.config !== undefined) await writeFile(configFile, options.config)
  let process_: ChildProcess | undefined
  let port = 0

  async function start(): Promise<void> {
    const child = spawn(
      binary,
      [
        ...(options.config === undefined ? [] : [configFile]),
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
        ...(options.appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []),
        ...(options.args ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let output = ''
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    let failure: Error | undefined
    child.on('error', (error) => {
      failure = error
    })
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await answersPing(port))) {
      if (failure) throw new Error(`${binary} cannot be started: ${failure.message}`)
      if (child.exitCode !== null) throw new Error(`redis-server ended at once:\n${output}`)
      if (Date.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`redis-server does not answer on port ${port}:\n${output}`)
      }
    }
    process_ = child
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = process_
    process_ = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    // A stopped process takes no signal but this one.
    child.kill('SIGCONT')
    await exited
  }

  // Somebody else may take the free port between our look and the server's start: look again then.
  for (let attempt = 1; ; attempt++) {
    port = await freePort()
    try {
      await start()
      break
    } catch (error) {
      if (attempt < 3) continue
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return process_?.pid
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      await start()
    },
    pause: () => void process_?.kill('SIGSTOP'),
    resume: () => void process_?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** One PING over a bare socket; false when nothing answers it (PONG, or that a password is missing) within 100 ms. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const finish = (answer: boolean) => {
      socket.destroy()
      setTimeout(resolve, answer ? 0 : 20, answer)
    }
    socket.setTimeout(100, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => finish(/^(\+PONG|-NOAUTH)/.test(data.toString())))
  })
}
