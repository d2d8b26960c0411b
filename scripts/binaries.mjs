// Where the programs are that tests need and npm does not bring: the one look-up, for tests and for provision.mjs.
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export const MIN_REDIS_MAJOR = 7

const REDIS_NAMES = ['redis-server']
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const CHROMIUM_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Path of a redis-server of version 7 or later (`REDIS_SERVER` names another one); null when there is none. */
export function findRedisServer() {
  const path = process.env.REDIS_SERVER ?? onPath(REDIS_NAMES)
  return path && redisMajor(path) >= MIN_REDIS_MAJOR ? path : null
}

/** Path of Chromium or Chrome (`CHROMIUM` names another one); null when there is none. */
export function findChromium() {
  return process.env.CHROMIUM ?? onPath(CHROMIUM_NAMES) ?? CHROMIUM_PLACES.find(isProgram) ?? null
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
    return true
  } catch {
    return false
  }
}

function redisMajor(path) {
  try {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
    return Number(/v=(\d+)\./.exec(version)?.[1] ?? 0)
  } catch {
    return 0
  }
}
