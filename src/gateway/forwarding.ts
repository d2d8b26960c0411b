import type { IncomingMessage } from 'node:http'
import type { ReplicaSnapshot } from '../cluster/registry.ts'
import { RELAY_HEADER } from '../server/client-address.ts'

/** Headers that are about one connection (RFC 9110 §7.6.1), or that belong to one handshake (RFC 6455 §4). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
])

/** Who asks, for a replica that trusts us: the peer is added to whoever stood there before. */
export function forwardedHeaders(request: IncomingMessage): Record<string, string> {
  const { headers, socket } = request
  const chain = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ')
  const proto = headers['x-forwarded-proto']
  return { 'x-forwarded-for': chain, 'x-forwarded-proto': typeof proto === 'string' ? proto : 'http' }
}

/** What a client said when it connected, without what was about that connection; `Host`, `Origin`, cookies and tokens stay. */
export function endToEndHeaders(request: IncomingMessage): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && name !== RELAY_HEADER && !HOP_BY_HOP.has(name)) kept[name] = value
  }
  return { ...kept, ...forwardedHeaders(request) }
}

/** Where a replica is reached over HTTP. */
export function httpUrlOf(replica: Pick<ReplicaSnapshot, 'url'>): URL {
  return new URL(replica.url.replace(/^ws/, 'http'))
}
