import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Access } from '../access/access.ts'
import { httpOrigin } from '../graphql/context.ts'
import { createHttpPost, isHttpPost } from '../graphql/http-post.ts'
import { GRAPHQL_PATH, type Yoga } from '../graphql/yoga.ts'
import type { Log } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ClientAddress } from './client-address.ts'
import { principalOf } from './http-access.ts'
import { HTTP_LIMITS, pathOf, sendText } from './listening.ts'
import type { WebSocketSide } from './websocket.ts'

const CONSOLE_PAGE = readFileSync(new URL('../console/index.html', import.meta.url))

export interface HttpOptions {
  readonly yoga: Yoga
  readonly sockets: WebSocketSide
  readonly metrics: Metrics
  readonly access: Access
  readonly clientAddress: ClientAddress
  readonly log: Log
  /** What keeps this replica from taking connections; null when nothing does. */
  readonly unready: () => string | null
}

/** The HTTP side of the server: one port for GraphQL in all its transports, health, metrics and the console. */
export function createHttpServer({
  yoga,
  sockets,
  metrics,
  access,
  clientAddress,
  unready,
  log,
}: HttpOptions): Server {
  const post = createHttpPost(yoga, log)
  const graphql = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const principal = await principalOf(access, request, response, log)
    if (principal === null) return
    const origin = httpOrigin(clientAddress(request), principal, traceparentOf(request))
    if (isHttpPost(request)) await post(request, response, origin)
    else await yoga(request, response, { origin })
  }
  const routes: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/': (response) => {
      response.writeHead(302, { location: GRAPHQL_PATH }).end()
    },
    '/console': (response) => {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
        .end(CONSOLE_PAGE)
    },
    '/healthz': (response) => sendText(response, 200, 'ok'),
    '/readyz': (response) => {
      const reason = unready()
      sendText(response, reason === null ? 200 : 503, reason ?? 'ready')
    },
    '/metrics': async (response) => {
      const text = await metrics.text()
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    },
  }
  const server = createServer(HTTP_LIMITS, (request, response) => {
    const path = pathOf(request)
    if (path === GRAPHQL_PATH) return void graphql(request, response)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (!route)
      return sendText(response, 404, `Nothing is here. GraphQL and GraphiQL are at ${GRAPHQL_PATH}.`)
    Promise.resolve(route(response)).catch(() => response.destroy())
  })
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', destroy)
    if (pathOf(request) === GRAPHQL_PATH) sockets.upgrade(request, stream, head)
    else stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  return server
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function traceparentOf({ headers }: IncomingMessage): string | null {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? traceparent : null
}

function destroy(this: Duplex): void {
  this.destroy()
}
