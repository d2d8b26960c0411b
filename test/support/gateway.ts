import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { type Config, defaultConfig } from '../../src/config.ts'
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts'
import { createLog, type Log } from '../../src/observability/log.ts'
import { type Replica, startReplica } from '../../src/server/replica.ts'

/** Where a gateway is reached, as tests say it. */
export interface GatewayAddress {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** `http://127.0.0.1:<port>/graphql` */
  readonly graphqlUrl: string
  /** `ws://127.0.0.1:<port>/graphql` */
  readonly wsUrl: string
  readonly port: number
}

/** A whole gateway inside the test's own process. Disposing closes its sessions at once and stops it. */
export interface TestGateway extends GatewayAddress, AsyncDisposable {
  readonly replica: Replica
}

export async function startTestGateway(
  overrides: Partial<Config> = {},
  log: Log = createLog('silent'),
): Promise<TestGateway> {
  const replica = await startReplica({ ...defaultConfig, port: 0, ...overrides }, log)
  return {
    ...addressOf(replica.port),
    replica,
    [Symbol.asyncDispose]: () => replica[Symbol.asyncDispose](),
  }
}

/** A front door inside the test's own process. Disposing closes its clients at once and stops it. */
export interface TestFrontDoor extends GatewayAddress, AsyncDisposable {
  readonly gateway: Gateway
}

/** Resolves when it is ready: it knows a replica that accepts. */
export async function startTestFrontDoor(
  redis: string,
  overrides: Partial<Config> = {},
): Promise<TestFrontDoor> {
  const gateway = await startGateway({ ...defaultConfig, port: 0, ...overrides, redis }, createLog('silent'))
  const address = addressOf(gateway.port)
  await vi.waitUntil(() => isReady(address), { timeout: START_LIMIT_MS, interval: 20 })
  return { ...address, gateway, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

/** Whether it may receive connections. */
export async function isReady({ url }: GatewayAddress): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok
}

export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** `cloudpush start` as users run it, in a process of its own. Disposing kills it where it still runs. */
export interface GatewayProcess extends GatewayAddress, AsyncDisposable {
  readonly pid: number
  /** Sends a signal (default SIGTERM); await `exited` for its effect. */
  kill(signal?: NodeJS.Signals): void
  readonly exited: Promise<Exit>
  /** All that it wrote so far, stdout and stderr as they came. */
  output(): string
}

export interface GatewayProcessOptions {
  /** Default: `start`. */
  readonly command?: 'start' | 'gateway'
  /** Flags after the command and `--port 0`, such as `['--redis', url]`; a `--port` among them wins. */
  readonly args?: readonly string[]
  /** Added to the test's own environment, from which everything that configures a gateway is taken out. */
  readonly env?: Readonly<Record<string, string>>
}

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const START_LIMIT_MS = 30_000 // 30 seconds
const ADDRESS = /https?:\/\/[^\s/]+?:(\d+)/

/** Starts a gateway process; resolves when it prints its address, rejects with its output when it ends before that. */
export async function startGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is not there: run `npm run build` first')
  const child = spawn(
    process.execPath,
    [MAIN, options.command ?? 'start', '--port', '0', ...(options.args ?? [])],
    { env: { ...withoutSettings(process.env), ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const { pid } = child
  if (pid === undefined) throw new Error('node cannot be started')
  const killOnExit = () => void child.kill('SIGKILL')
  process.once('exit', killOnExit)
  let output = ''
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    process.off('exit', killOnExit)
    return { code, signal }
  })
  const port = await new Promise<number>((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the gateway printed no address in ${START_LIMIT_MS} ms:\n${output}`))
    }, START_LIMIT_MS)
    const collect = (chunk: string) => {
      output += chunk
      const found = ADDRESS.exec(output)?.[1]
      if (!found) return
      clearTimeout(limit)
      resolve(Number(found))
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    void exited.then(({ code, signal }) => {
      clearTimeout(limit)
      reject(
        new Error(
          `the gateway ended (${signal ?? `exit code ${code}`}) before it printed its address:\n${output}`,
        ),
      )
    })
  })
  return {
    ...addressOf(port),
    pid,
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    exited,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (isRunning(child)) child.kill('SIGKILL')
      await exited
    },
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

export function addressOf(port: number): GatewayAddress {
  const url = `http://127.0.0.1:${port}`
  return { url, graphqlUrl: `${url}/graphql`, wsUrl: `ws://127.0.0.1:${port}/graphql`, port }
}

/** Whoever runs the tests may have a gateway configured in their shell. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const common = ['PORT', 'HOST', 'REDIS_URL', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  const isSetting = (name: string) => name.startsWith('CLOUDPUSH_') || common.includes(name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSetting(name)))
}
