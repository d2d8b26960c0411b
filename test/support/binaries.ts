import { findChromium, findHaproxy, findRedisServer } from '../../scripts/binaries.mjs'

/** Path of redis-server 7 or later. Throws when `npm test` has not provided it. */
export function redisServerPath(): string {
  return findRedisServer() ?? missing('redis-server 7 or later')
}

/** Path of Chromium. Throws when `npm test` has not provided it. */
export function chromiumPath(): string {
  return findChromium() ?? missing('Chromium')
}

/** Path of HAProxy. Throws when `npm test` has not provided it. */
export function haproxyPath(): string {
  return findHaproxy() ?? missing('HAProxy')
}

function missing(name: string): never {
  throw new Error(`${name} is missing: run \`node scripts/provision.mjs\`.`)
}
