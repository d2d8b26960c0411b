export const MIN_REDIS_MAJOR: number
export function findRedisServer(): string | null
export function findChromium(): string | null
export function findHaproxy(): string | null
