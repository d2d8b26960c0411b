const MIN_REDIS = '7.0'
const MIN_VALKEY = '7.2'

/** Null when the server is one that we can use; else what is wrong and what to do. `info`: section `server` of INFO. */
export function refusalOf(info: string, address: string): string | null {
  const valkey = infoField(info, 'valkey_version')
  const [product, version, least] = valkey
    ? (['Valkey', valkey, MIN_VALKEY] as const)
    : (['Redis', infoField(info, 'redis_version') ?? '0', MIN_REDIS] as const)
  if (isAtLeast(version, least)) return null
  return `${product} ${version} at ${address} is too old: Redis ${MIN_REDIS} or Valkey ${MIN_VALKEY} at least is needed. Upgrade it, or name another one with --redis.`
}

/** One line of INFO. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
}

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
