import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Access } from '../access/access.ts'
import { httpOrigin } from '../graphql/context.ts'
import { createHttpPost, isHttpPost } from '../graphql/http-post.ts'
import type { OperationRunner } from '../graphql/operation-runner.ts'
import type { TrustedDocuments } from '../graphql/trusted-documents.ts'
import { GRAPHQL_PATH, type Yoga } from '../graphql/yoga.ts'
import type { Log } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ClientAddress } from './client-address.ts'
import { createConsole, isConsolePath } from './console.ts'
import { asksForPage, principalOf } from './http-access.ts'
import { HTTP_LIMITS, pathOf, refuseUpgrade, sendText } from './listening.ts'
import type { OriginCheck } from './origins.ts'
import { pageHeaders } from './page-headers.ts'
import type { WebSocketSide } from './websocket.ts'

const PAGE_HEADERS = new Map(Object.entries(pageHeaders({ inlineScripts: true })))

export interface HttpOptions {
  readonly yoga: Yoga
  readonly runner: OperationRunner
  readonly documents: TrustedDocuments
  readonly sockets: WebSocketSide
  readonly metrics: Metrics
  readonly access: Access
  readonly clientAddress: ClientAddress
  readonly isAllowedOrigin: OriginCheck
  readonly log: Log
  /** What keeps this replica from taking connections; null when nothing does. */
  readonly unready: () => string | null
}

/** The HTTP side of the server: one port for GraphQL in all its transports, health, metrics and the console. */
export function createHttpServer({
  yoga,
  runner,
  documents,
  sockets,
  metrics,
  access,
  clientAddress,
  isAllowedOrigin,
  unready,
  log,
}: HttpOptions): Server {
  const post = createHttpPost({ runner, documents, log })
  const graphql = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isAllowedOrigin(request)) return refuseOrigin(request, response)
    if (asksForPage(request)) response.setHeaders(PAGE_HEADERS)
    const principal = await principalOf(access, request, response, log)
    if (principal === null) return
    const origin = httpOrigin(clientAddress(request), principal, traceparentOf(request))
    if (isHttpPost(request)) await post(request, response, origin)
    else await yoga(request, response, { origin })
  }
  const serveConsole = createConsole()
  const routes: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/': (response) => {
      response.writeHead(302, { location: GRAPHQL_PATH }).end()
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
    if (isConsolePath(path)) return serveConsole(request, response)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (!route)
      return sendText(response, 404, `Nothing is here. GraphQL and GraphiQL are at ${GRAPHQL_PATH}.`)
    Promise.resolve(route(response)).catch(() => response.destroy())
  })
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', destroy)
    if (pathOf(request) !== GRAPHQL_PATH) refuseUpgrade(stream, '404 Not Found')
    // RFC 6455 §4.2.2. A page that may not is not to come back either.
    else if (!isAllowedOrigin(request)) refuseUpgrade(stream, '403 Forbidden')
    else sockets.upgrade(request, stream, head)
  })
  return server
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function traceparentOf({ headers }: IncomingMessage): string | null {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? traceparent : null
}

/** Without CORS headers: the page itself sees that it failed, its developer sees why. */
function refuseOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers
  const message = `Pages of ${origin} may not use this: --allowed-origins does not name them.`
  response
    .writeHead(403, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify({ errors: [{ message, extensions: { code: 'FORBIDDEN' } }] }))
  request.resume()
}

function destroy(this: Duplex): void {
  this.destroy()
}
