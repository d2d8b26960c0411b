import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { Readable } from 'node:stream'
import { createProxyServer } from 'httpxy'
import type { ReplicaSnapshot } from '../cluster/registry.ts'
import { ERROR_CODES, type ErrorCode } from '../errors.ts'
import { MAX_REQUEST_BYTES } from '../graphql/yoga.ts'
import type { Log } from '../observability/log.ts'
import { forwardedHeaders, httpUrlOf } from './forwarding.ts'
import type { Steering } from './steering.ts'

/** Sockets that rest are given up before the replica gives them up (65 s): a request on one it closes may be lost. */
const agentOptions = { keepAlive: true, maxFreeSockets: 64, timeout: 60_000 }
/** What connecting fails with: nothing was sent yet, so another replica may have the request. */
const NOT_SENT = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']
const SAFE = ['GET', 'HEAD', 'OPTIONS']

export interface HttpProxy extends Disposable {
  /** Never rejects: what goes wrong is answered. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/**
 * Hands HTTP requests (queries, mutations, GraphiQL, the console, server-sent events) to replicas by weight. A request goes
 * to a second replica only where the first one cannot have run it.
 */
export function createHttpProxy(steering: Steering, log: Log): HttpProxy {
  const agents = { 'http:': new Agent(agentOptions), 'https:': new SecureAgent(agentOptions) }
  const proxy = createProxyServer()

  /** Resolves when the response has ended, or its client has gone; with the error where the replica did not answer. */
  const send = (
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    replica: ReplicaSnapshot,
  ): Promise<NodeJS.ErrnoException | null> => {
    const { origin, protocol } = httpUrlOf(replica)
    const options = {
      target: origin,
      agent: protocol === 'https:' ? agents['https:'] : agents['http:'],
      buffer: Readable.from(body.length > 0 ? [body] : []),
      headers: forwardedHeaders(request),
    }
    return proxy.web(request, response, options).then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    )
  }

  return {
    async handle(request, response) {
      try {
        const body = await read(request)
        if (body === null) return void refuse(request, response, 413, 'PAYLOAD_TOO_LARGE')
        delete request.headers.expect
        const passed = new Set<string>()
        for (let replica = steering.choose(passed); replica; replica = steering.choose(passed)) {
          const error = await send(request, response, body, replica)
          if (!error) return
          log.debug({ err: error, replicaId: replica.id }, 'a request failed')
          if (response.headersSent) return void response.destroy()
          passed.add(replica.id)
          if (NOT_SENT.includes(error.code ?? '')) steering.unreachable(replica.id)
          else if (!SAFE.includes(request.method ?? '')) {
            return void refuse(request, response, 502, 'OUTCOME_UNKNOWN')
          }
        }
        refuse(request, response, 503, 'NO_REPLICA')
      } catch (error) {
        if (request.complete) log.error({ err: error }, 'request failed')
        response.destroy()
      }
    },
    [Symbol.dispose]() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Null: it has more bytes than replicas read. */
async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: 413 | 502 | 503,
  code: ErrorCode,
): void {
  const body = JSON.stringify({ errors: [{ message: ERROR_CODES[code], extensions: { code } }] })
  const retry = status === 503 ? { 'retry-after': '1' } : {}
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...retry })
    .end(request.method === 'HEAD' ? undefined : body)
  // The rest of a body that is too long is thrown away as it comes.
  request.resume()
}
