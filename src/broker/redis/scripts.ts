import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** The commands that run as Lua scripts: one file each in `lua/`, which names its keys, arguments and output. */
const SCRIPT_NAMES = [
  'publish',
  'schedule',
  'deliver',
  'cancel',
  'testify',
  'pulse',
  'attach',
  'detach',
  'rehold',
  'confirm',
  'read',
  'read-before',
  'count-receipts',
  'acknowledge',
  'presence',
  'forget',
] as const

export type ScriptName = (typeof SCRIPT_NAMES)[number]

export interface Script {
  readonly name: ScriptName
  readonly source: string
  readonly sha1: string
}

export type Scripts = Readonly<Record<ScriptName, Script>>

/** What `publish` and `schedule` answer first. */
export const PUSH_NEW = 0
export const PUSH_DUPLICATE = 1

let loaded: Scripts | undefined

/** All scripts, with what they include in place. Read once per process. */
export function loadScripts(): Scripts {
  loaded ??= Object.fromEntries(SCRIPT_NAMES.map((name) => [name, compose(name)])) as Record<
    ScriptName,
    Script
  >
  return loaded
}

function compose(name: ScriptName): Script {
  const source = readLua(name).replace(/^-- include (\S+)$/gm, (_line, part: string) => readLua(part))
  // Comments are for us; Redis gets the rest.
  const bare = source.replace(/^\s*--.*\n/gm, '').replace(/^\s+/gm, '')
  return {
    name,
    source: bare,
    sha1: createHash('sha1').update(bare).digest('hex'),
  }
}

function readLua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}

export type ScriptArgument = string | number

/** Runs a script by its hash; by its source where Redis has forgotten it (restart, SCRIPT FLUSH). */
export async function runScript(
  client: Redis,
  script: Pick<Script, 'source' | 'sha1'>,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  try {
    return await client.evalsha(script.sha1, keys.length, ...keys, ...args)
  } catch (error) {
    if (!isNoScript(error)) throw error
    return await client.eval(script.source, keys.length, ...keys, ...args)
  }
}

/** Redis's own error code for a script that it does not know. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT ')
}
