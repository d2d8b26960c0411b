import { once } from 'node:events'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a client of ours may take over HTTP. */
export const HTTP_LIMITS = {
  headersTimeout: 10_000, // 10 seconds
  requestTimeout: 30_000, // 30 seconds
  // How late either may be noticed; Node's own is half a minute.
  connectionsCheckingInterval: 2_000, // 2 seconds
  keepAliveTimeout: 65_000, // longer than the 60 seconds of the usual load balancer
} as const satisfies ServerOptions

/**
 * Connections that wait to be accepted, where the system allows as many (net.core.somaxconn): past that they are reset,
 * and stock clients do not come back from a reset. Node's own is 511, which is a second of a crowd that comes back.
 */
const BACKLOG = 4_096

/** Resolves when it listens, with its port and `http://host:port`. */
export async function listen(
  server: Server,
  { host, port: wanted }: { readonly host: string; readonly port: number },
): Promise<{ port: number; url: string }> {
  server.listen({ port: wanted, host, backlog: BACKLOG })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` }
}

/** Stops listening; what is still open (keep-alive, SSE) is cut. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/'
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

/** Stock clients do not come back from this: only for those who are not to. @param status such as `404 Not Found` */
export function refuseUpgrade(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
