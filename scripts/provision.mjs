// Provides what the tests need and npm does not bring: redis-server 7+ and Chromium. Says nothing when both are there.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { findChromium, findRedisServer } from './binaries.mjs'

/** Debian asks this program whether a package may start its service: while it says 101, none is started. */
const POLICY = '/usr/sbin/policy-rc.d'

const missing = [
  findRedisServer()
    ? null
    : { name: 'redis-server 7 or later', debian: 'redis-server', homebrew: ['install', 'redis'] },
  findChromium()
    ? null
    : { name: 'Chromium', debian: 'chromium', homebrew: ['install', '--cask', 'chromium'] },
].filter((program) => program !== null)

if (missing.length > 0) provide()

function provide() {
  const names = missing.map(({ name }) => name).join(' and ')
  console.error(`The tests need ${names}, which this machine does not have.`)
  if (isThere('apt-get') && process.getuid?.() === 0) installDebian()
  else if (process.platform === 'darwin' && isThere('brew')) {
    for (const { homebrew } of missing) run('brew', homebrew)
  } else fail()
  if (!findRedisServer() || !findChromium()) fail()
}

function installDebian() {
  const quiet = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const ownPolicy = !existsSync(POLICY)
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    run('apt-get', ['update', '-q'], quiet)
    run(
      'apt-get',
      ['install', '-q', '-y', '--no-install-recommends', ...missing.map(({ debian }) => debian)],
      quiet,
    )
  } finally {
    if (ownPolicy) rmSync(POLICY)
  }
}

function isThere(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

function run(program, args, env = process.env) {
  console.error(`> ${program} ${args.join(' ')}`)
  // Standard output is the tests' own.
  const { status } = spawnSync(program, args, { env, stdio: ['ignore', 2, 2] })
  if (status !== 0) fail()
}

function fail() {
  console.error(
    `Install ${missing.map(({ name }) => name).join(' and ')}:
  Debian, Ubuntu:  sudo apt-get install ${missing.map(({ debian }) => debian).join(' ')}
  macOS:           ${missing.map(({ homebrew }) => `brew ${homebrew.join(' ')}`).join(' && ')}
or name the programs with REDIS_SERVER=/path and CHROMIUM=/path.`,
  )
  process.exit(1)
}
