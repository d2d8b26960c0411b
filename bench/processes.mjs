// Child processes of the benchmark: started, waited for, watched in /proc, and all ended whatever happens.
import { fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { findRedisServer } from '../scripts/binaries.mjs'
import { NCHAN_MODULE, NGINX } from './peers.mjs'

const START_LIMIT_MS = 20_000 // 20 seconds
/** The clock of /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MICROSECONDS = 10_000

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
const folders = new Set()

/** Ends everything that was started; nothing of it has anything to keep. */
export async function stopAll() {
  await Promise.all([...children].map(stop))
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })))
  folders.clear()
}

/** @param {import('node:child_process').ChildProcess} child */
export function stop(child) {
  if (!children.has(child)) return Promise.resolve()
  return new Promise((stopped) => {
    child.once('exit', stopped)
    child.kill('SIGKILL')
  })
}

function track(child) {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function folder() {
  const made = await mkdtemp(join(tmpdir(), 'cloudpush-bench-'))
  folders.add(made)
  return made
}

const SLOTS = 16_384
const MASTERS = 3

/**
 * Redis of one's own, standalone or as a Cluster of three masters: nothing is written to disk, so that the disk is not what is
 * measured.
 *
 * @param {'standalone' | 'cluster'} mode
 * @returns {Promise<{ children: import('node:child_process').ChildProcess[], url: string }>}
 */
export async function startRedis(mode) {
  if (mode === 'standalone') {
    const { child, port } = await startRedisServer([])
    return { children: [child], url: `redis://127.0.0.1:${port}` }
  }
  const nodes = await Promise.all(
    Array.from({ length: MASTERS }, () => startRedisServer(['--cluster-enabled', 'yes'])),
  )
  const clients = nodes.map(({ port }) => new Redis(port))
  const slot = (index) => Math.floor((index * SLOTS) / MASTERS)
  for (const [index, client] of clients.entries()) {
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', slot(index), slot(index + 1) - 1)
    if (index > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[0].port)
  }
  const deadline = Date.now() + START_LIMIT_MS
  for (const client of clients) {
    while (!isWhole(await client.call('CLUSTER', 'INFO'))) {
      if (Date.now() > deadline) throw new Error('the nodes do not become a Redis Cluster')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    client.disconnect()
  }
  return {
    children: nodes.map(({ child }) => child),
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
  }
}

const isWhole = (info) => info.includes('cluster_state:ok') && info.includes(`cluster_size:${MASTERS}`)

/** @param {readonly string[]} more arguments */
async function startRedisServer(more) {
  const binary = findRedisServer()
  if (!binary)
    throw new Error('redis-server 7 or later is needed: npm run provision installs it or says how.')
  const port = await freePort()
  const memoryOnly = ['--save', '', '--appendonly', 'no', '--dir', await folder()]
  const args = ['--port', String(port), '--bind', '127.0.0.1', ...memoryOnly, ...more]
  const child = track(spawn(binary, args, { stdio: 'ignore' }))
  await answers(port, child)
  return { child, port }
}

/**
 * @param {import('./peers.mjs').Peer} peer
 * @param {string} redisUrl
 * @param {readonly string[]} nodeArgs
 */
export async function startPeer(peer, redisUrl, nodeArgs = []) {
  if (peer.name === 'nchan') return startNchan(redisUrl)
  const child = track(
    spawn(process.execPath, [...nodeArgs, ...peer.args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, REDIS_URL: redisUrl, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  const port = await new Promise((found, failed) => {
    let output = ''
    const limit = setTimeout(
      () => failed(new Error(`${peer.name} does not start:\n${output}`)),
      START_LIMIT_MS,
    )
    const collect = (chunk) => {
      output = (output + chunk).slice(-4_000)
      const match = /ready (\d+)|localhost:(\d+)\/graphql/.exec(output)
      if (!match) return
      clearTimeout(limit)
      found(Number(match[1] ?? match[2]))
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('exit', (code) => failed(new Error(`${peer.name} ended (${code}):\n${output}`)))
  })
  return { child, pid: child.pid, port }
}

async function startNchan(redisUrl) {
  const prefix = await folder()
  const port = await freePort()
  const template = await readFile(new URL('peers/nchan.conf', import.meta.url), 'utf8')
  const config = template
    .replaceAll('PREFIX', prefix)
    .replace('MODULE', NCHAN_MODULE)
    .replace('REDIS_URL', redisUrl)
    .replace(':PORT', `:${port}`)
  await writeFile(join(prefix, 'nginx.conf'), config)
  const child = track(spawn(NGINX, ['-c', join(prefix, 'nginx.conf'), '-p', prefix], { stdio: 'inherit' }))
  await answers(port, child)
  return { child, pid: child.pid, port }
}

async function answers(port, child) {
  const deadline = Date.now() + START_LIMIT_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at once (${child.exitCode})`)
    const open = await new Promise((tried) => {
      const socket = connect(port, '127.0.0.1', () => tried(true)).on('error', () => tried(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${child.spawnfile} does not answer on port ${port}`)
}

/** @param {'subscriber' | 'pusher'} name */
export function startLoad(name) {
  const child = track(
    fork(fileURLToPath(new URL(`load/${name}.mjs`, import.meta.url)), { serialization: 'advanced' }),
  )
  return child
}

/** Processor time that a process has used, µs. @param {number} pid */
export function cpuMicroseconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS
}

/** Resident memory of a process, bytes. @param {number} pid */
export function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}
