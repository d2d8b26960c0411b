/** Where Redis is, as `--redis` says it. */
export interface RedisLocation {
  readonly mode: 'standalone' | 'sentinel' | 'cluster'
  readonly tls: boolean
  /** The server; the Sentinels; or some nodes of the Cluster. One at least. */
  readonly hosts: readonly RedisHost[]
  readonly username: string | null
  readonly password: string | null
  /** Number of the database; a Cluster has only 0. */
  readonly database: number
  /** The name under which the Sentinels know the master; empty where there are none. */
  readonly masterName: string
}

export interface RedisHost {
  readonly host: string
  readonly port: number
}

export const REDIS_PORT = 6_379
const SENTINEL_PORT = 26_379
const SHAPE = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/@]*)@)?([^/@?#]+)(?:\/([^?#]*))?$/
const HOST = /^(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/

/**
 * Reads `redis://[user:password@]host[:port][/database]`, `redis+sentinel://host[:port],…/name[/database]` or
 * `redis+cluster://host[:port],…`; `rediss` instead of `redis`: over TLS. A text says what is wrong with it, without
 * repeating any part of it: it may hold a password.
 */
export function parseRedisUrl(url: string): RedisLocation | string {
  const [, scheme, kind, account, hostList = '', path = ''] = SHAPE.exec(url) ?? []
  if (scheme === undefined) {
    return 'must be a URL such as redis://host:6379, rediss://host, redis+sentinel://host1,host2/name or redis+cluster://host1,host2'
  }
  const mode = kind === 'sentinel' || kind === 'cluster' ? kind : 'standalone'
  const hosts = hostList
    .split(',')
    .map((text) => parseHost(text, mode === 'sentinel' ? SENTINEL_PORT : REDIS_PORT))
  if (!hosts.every((host) => host !== null))
    return 'must name its hosts as host or host:port, with commas between'
  if (mode === 'standalone' && hosts.length > 1) {
    return 'names several hosts: say redis+sentinel:// or redis+cluster:// for that'
  }
  const names = path.split('/')
  const [username, password] = parseAccount(account ?? '')
  const location = { mode, tls: scheme === 'rediss', hosts, username, password } as const
  if (mode === 'cluster') {
    if (path !== '' && path !== '0')
      return 'must end after its hosts: a Redis Cluster has the database 0 only'
    return { ...location, database: 0, masterName: '' }
  }
  if (mode === 'sentinel') {
    const [masterName = '', database = ''] = names
    if (masterName === '' || names.length > 2 || !/^\d*$/.test(database)) {
      return 'must end with the name of the master that the Sentinels watch, such as redis+sentinel://host1,host2/mymaster'
    }
    return { ...location, database: Number(database), masterName: decode(masterName) }
  }
  if (!/^\d*$/.test(path)) return 'must end after the host, the port, or the number of the database'
  return { ...location, database: Number(path), masterName: '' }
}

/** `host:port`, with commas between where there are several; nothing secret. */
export function redisAddress(url: string): string {
  const location = parseRedisUrl(url)
  if (typeof location === 'string') return 'redis'
  const hosts = location.hosts.map(hostText).join(',')
  return location.mode === 'sentinel' ? `${hosts}/${location.masterName}` : hosts
}

export function hostText({ host, port }: RedisHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function parseHost(text: string, fallbackPort: number): RedisHost | null {
  const [, host, port = String(fallbackPort)] = HOST.exec(text) ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** A word without a colon is the user, as in every URL. */
function parseAccount(account: string): [username: string | null, password: string | null] {
  const colon = account.indexOf(':')
  const part = (text: string) => (text === '' ? null : decode(text))
  if (colon < 0) return [part(account), null]
  return [part(account.slice(0, colon)), part(account.slice(colon + 1))]
}

/** A stray per cent sign is one: passwords are pasted as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
