import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { haproxyPath } from './binaries.ts'
import { addressOf, type GatewayAddress } from './gateway.ts'
import { freePort } from './redis.ts'

const CONFIGURATION = new URL('../../deploy/haproxy.cfg', import.meta.url)
const LIMIT = { timeout: 20_000, interval: 20 }

/** How HAProxy sees one server: `UP`, `DRAIN (agent)`, `DOWN` …; its weight is that of the moment. */
export interface HaproxyServer {
  readonly status: string
  readonly weight: number
}

/** The real HAProxy with `deploy/haproxy.cfg`, but for addresses. */
export interface Haproxy extends GatewayAddress, AsyncDisposable {
  /** In the order of the replicas given. */
  servers(): Promise<HaproxyServer[]>
}

export async function startHaproxy(
  replicas: readonly { readonly port: number; readonly agentPort: number }[],
): Promise<Haproxy> {
  const directory = await mkdtemp(join(tmpdir(), 'cloudpush-haproxy-'))
  const statsSocket = join(directory, 'stats.sock')
  const port = await freePort()
  const servers = replicas.map(
    (replica, n) => `    server replica-${n + 1} 127.0.0.1:${replica.port} agent-port ${replica.agentPort}`,
  )
  const lines = (await readFile(CONFIGURATION, 'utf8'))
    .split('\n')
    .filter((line) => !/^\s*server /.test(line))
  const text = [...lines, ...servers, '']
    .join('\n')
    .replace('bind :4000', `bind 127.0.0.1:${port}`)
    .replace('/run/haproxy/cloudpush.sock', statsSocket)
  const file = join(directory, 'haproxy.cfg')
  await writeFile(file, text)
  const child = spawn(haproxyPath(), ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-4_000)
    })
  }
  const end = async () => {
    await kill(child)
    await rm(directory, { recursive: true, force: true })
  }
  const readServers = async () => parseServers(await ask(statsSocket, 'show stat -1 4 -1\n'))
  try {
    await vi.waitFor(readServers, LIMIT)
  } catch (error) {
    await end()
    throw new Error(`HAProxy does not run:\n${output}`, { cause: error })
  }
  return { ...addressOf(port), servers: readServers, [Symbol.asyncDispose]: end }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** One command of HAProxy's Runtime API, and its answer. */
async function ask(path: string, command: string): Promise<string> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.end(command)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  return answer
}

/** CSV with names of columns in its first line, after `# `. */
function parseServers(csv: string): HaproxyServer[] {
  const [head = '', ...rows] = csv.trim().split('\n')
  const columns = head.replace('# ', '').split(',')
  const place = (name: string) => columns.indexOf(name)
  return rows.map((row) => {
    const cells = row.split(',')
    return { status: cells[place('status')] ?? '', weight: Number(cells[place('weight')]) }
  })
}
