import type { IncomingMessage } from 'node:http'
import { parseOrigins } from '../config/origins.ts'

/** Whether a page may use us from its browser. Whoever is no browser says no origin, and is let through. */
export type OriginCheck = (request: IncomingMessage) => boolean

/**
 * Browsers say by `Origin` whose page asks (RFC 6454 §7), for WebSockets too, which no CORS holds back (RFC 6455 §10.2).
 * Pages that we serve ourselves may always.
 */
export function createOriginCheck(allowedOrigins: string): OriginCheck {
  const allowed = parseOrigins(allowedOrigins)
  return ({ headers: { origin, host } }) => {
    if (origin === undefined || allowed === '*') return true
    if (allowed?.has(origin)) return true
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host
  }
}
