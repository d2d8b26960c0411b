// Where the programs are that tests need and npm does not bring: the one look-up, for tests and for provision.mjs.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export const MIN_REDIS_MAJOR = 7

const REDIS_NAMES = ['redis-server']
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const CHROMIUM_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * Path of a redis-server of version 7 or later (`REDIS_SERVER` names another one); null when there is none.
 * Throws when the one that is there is too old, or is none: that is not for us to replace.
 */
export function findRedisServer() {
  const path = named('REDIS_SERVER') ?? onPath(REDIS_NAMES)
  if (path === null) return null
  const major = redisMajor(path)
  if (major >= MIN_REDIS_MAJOR) return path
  const what = major === 0 ? 'does not tell its version as redis-server does' : `is version ${major}`
  throw new Error(
    `${path} ${what}; the tests need redis-server ${MIN_REDIS_MAJOR} or later: name one with REDIS_SERVER=/path.`,
  )
}

/**
 * Path of Chromium or Chrome (`CHROMIUM` names another one); null when there is none.
 * Throws when `CHROMIUM` names no program.
 */
export function findChromium() {
  return named('CHROMIUM') ?? onPath(CHROMIUM_NAMES) ?? CHROMIUM_PLACES.find(isProgram) ?? null
}

/**
 * Path of HAProxy (`HAPROXY` names another one); null when there is none. Debian puts it where only root looks.
 * Throws when `HAPROXY` names no program.
 */
export function findHaproxy() {
  return named('HAPROXY') ?? onPath(['haproxy']) ?? ['/usr/sbin/haproxy'].find(isProgram) ?? null
}

function named(variable) {
  const path = process.env[variable]
  if (!path) return null
  if (isProgram(path)) return path
  throw new Error(`${variable} is ${path}, which is no program: correct it, or leave it unset.`)
}

function onPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (isProgram(path)) return path
    }
  }
  return null
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** 0 where it does not say. */
function redisMajor(path) {
  try {
    const version = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return Number(/v=(\d+)\./.exec(version)?.[1] ?? 0)
  } catch {
    return 0
  }
}
