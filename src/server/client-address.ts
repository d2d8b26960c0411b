import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import { parseNetworks } from '../config/networks.ts'

/** Where a request comes from: the client's address, as far as whoever handed it on is trusted. */
export type ClientAddress = (request: IncomingMessage) => string | null

/**
 * The right-most address of `X-Forwarded-For` that is not a trusted proxy's own: whatever stands left of it was written by
 * somebody who is not trusted. From a peer that is not trusted itself, the header counts nothing.
 */
export function createClientAddress(trustedProxies: string): ClientAddress {
  const trusted = parseNetworks(trustedProxies)
  return (request) => {
    let client = request.socket.remoteAddress ?? null
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined) return client
    const chain = String(forwarded).split(',')
    while (client !== null && trusted && isTrusted(trusted, client)) {
      const before = chain.pop()?.trim() ?? ''
      if (isIP(before) === 0) break
      client = before
    }
    return client
  }
}

/** What the gateway that a request came through calls its session; null where there is none that is trusted. */
export type RelayId = (request: IncomingMessage) => string | null

/** The header by which a gateway names a session to each of its homes. */
export const RELAY_HEADER = 'x-cloudpush-relay'
const MAX_RELAY_ID_BYTES = 64

export function createRelayId(trustedProxies: string): RelayId {
  const trusted = parseNetworks(trustedProxies)
  return ({ headers, socket }) => {
    const id = headers[RELAY_HEADER]
    if (typeof id !== 'string' || id.length > MAX_RELAY_ID_BYTES) return null
    return trusted && isTrusted(trusted, socket.remoteAddress ?? '') ? id : null
  }
}

function isTrusted(trusted: BlockList, address: string): boolean {
  // Where a socket listens on IPv6, IPv4 peers look like ::ffff:10.0.0.1.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}
