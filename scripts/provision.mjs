// Provides what the tests need and npm does not bring: redis-server 7+, Chromium and HAProxy. Says nothing when
// all are there.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { findChromium, findHaproxy, findRedisServer, MIN_REDIS_MAJOR } from './binaries.mjs'

/** Debian asks this program whether a package may start its service: while it says 101, none is started. */
const POLICY = '/usr/sbin/policy-rc.d'

const PROGRAMS = [
  {
    name: `redis-server ${MIN_REDIS_MAJOR} or later`,
    find: findRedisServer,
    debian: 'redis-server',
    homebrew: ['install', 'redis'],
  },
  { name: 'Chromium', find: findChromium, debian: 'chromium', homebrew: ['install', '--cask', 'chromium'] },
  { name: 'HAProxy', find: findHaproxy, debian: 'haproxy', homebrew: ['install', 'haproxy'] },
]

try {
  provide()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function provide() {
  const missing = PROGRAMS.filter(({ find }) => find() === null)
  if (missing.length === 0) return
  console.error(`The tests need ${namesOf(missing)}, which this machine does not have.`)
  const installed = install(missing)
  const left = PROGRAMS.filter(({ find }) => find() === null)
  if (!installed || left.length > 0) throw new Error(howToInstall(left.length > 0 ? left : missing))
}

/** False where it cannot be done or went wrong. */
function install(programs) {
  if (isThere('apt-get') && process.getuid?.() === 0) return installDebian(programs)
  if (process.platform === 'darwin' && isThere('brew')) {
    return programs.every(({ homebrew }) => run('brew', homebrew))
  }
  return false
}

function installDebian(programs) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const packages = programs.map(({ debian }) => debian)
  const ownPolicy = !existsSync(POLICY)
  // Ctrl-C ends apt-get, which has it too; we stay until our policy is gone, or no package could start a service again.
  const stay = () => {}
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, stay)
  try {
    if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    // One source that cannot be reached fails the update, though the others may have what we need.
    run('apt-get', ['update', '-q'], env)
    return run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], env)
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true })
    for (const signal of signals) process.off(signal, stay)
  }
}

function isThere(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Whether it went well. */
function run(program, args, env = process.env) {
  console.error(`> ${program} ${args.join(' ')}`)
  // Standard output is the tests' own.
  return spawnSync(program, args, { env, stdio: ['ignore', 2, 2] }).status === 0
}

function namesOf(programs) {
  const names = programs.map(({ name }) => name)
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' and ')
}

function howToInstall(programs) {
  return `Install ${namesOf(programs)}:
  Debian, Ubuntu:  sudo apt-get install ${programs.map(({ debian }) => debian).join(' ')}
  macOS:           ${programs.map(({ homebrew }) => `brew ${homebrew.join(' ')}`).join(' && ')}
or name the programs with REDIS_SERVER=/path, CHROMIUM=/path and HAPROXY=/path.`
}
