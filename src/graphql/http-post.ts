import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { createHandler, type Response } from 'graphql-http'
import { badUserInput, type CloudpushError, payloadTooLarge } from '../errors.ts'
import type { Log } from '../observability/log.ts'
import type { OperationOrigin } from './context.ts'
import type { OperationRunner } from './operation-runner.ts'
import { toPublicError } from './plugins/errors.ts'
import { NEEDS_STREAM } from './plugins/request-errors.ts'
import type { TrustedDocuments } from './trusted-documents.ts'
import { MAX_REQUEST_BYTES } from './yoga.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

const NO_STREAM: Response = [
  bodyOf(NEEDS_STREAM),
  { status: 406, statusText: 'Not Acceptable', headers: { ...JSON_TYPE, accept: 'text/event-stream' } },
]

export interface HttpPostOptions {
  readonly runner: OperationRunner
  readonly documents: TrustedDocuments
  readonly log: Log
}

/**
 * Queries and mutations as JSON over POST: what back ends push with. graphql-http, on Node's own request and response,
 * carries more than twice the pushes per second that a Fetch request and its streams do here (docs/performance.md); everything
 * else that HTTP has (GET, SSE, GraphiQL, CORS preflight) is Yoga's. Both run operations through the same plug-ins.
 */
export function createHttpPost({ runner, documents, log }: HttpPostOptions) {
  const handle = createHandler<IncomingMessage, OperationOrigin, Record<PropertyKey, unknown>>({
    onSubscribe(request, params) {
      const prepared = runner.prepare(request.context, params)
      if (!('schema' in prepared)) return [...prepared]
      const operation = getOperationAST(prepared.document, prepared.operationName)
      return operation?.operation === OperationTypeNode.SUBSCRIPTION ? NO_STREAM : prepared
    },
    execute: (args: ExecutionArgs) => runner.execute(args),
    formatError: (error) => {
      if (error instanceof GraphQLError && error.extensions['code'] !== undefined) return error
      // graphql-http's own complaints about the request come as plain errors.
      return toPublicError(error instanceof GraphQLError ? error : badUserInput(error.message), log)
    },
  })

  return async (
    request: IncomingMessage,
    response: ServerResponse,
    origin: OperationOrigin,
  ): Promise<void> => {
    try {
      const { method = 'POST', url = '/', headers } = request
      // Read before graphql-http has it, which takes whatever goes wrong in reading for a body that is not JSON.
      const body = await read(request)
      if (body === null) return refuse(request, response)
      const result = await handle({
        ...{ method, url, headers, raw: request, context: origin },
        body: documents.inBody(body),
      })
      answer(request, response, result)
    } catch (error) {
      // The client went away amid its request: nobody is left to hear of it.
      if (!request.complete) return void response.destroy()
      log.error({ err: error }, 'request failed')
      response.destroy()
    }
  }
}

/** Whether a request is one of these: JSON in, one result out. */
export function isHttpPost({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST' || !/^application\/json\b/i.test(headers['content-type'] ?? '')) return false
  return !/text\/event-stream|multipart\/mixed/i.test(headers.accept ?? '')
}

/** Null: it has more bytes than are read. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return null
    chunks.push(chunk)
  }
  return (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8')
}

function answer(request: IncomingMessage, response: ServerResponse, [body, init]: Response): void {
  const headers: Record<string, string | number> = { ...init.headers }
  if (request.headers.origin !== undefined) headers['access-control-allow-origin'] = '*'
  if (body !== null) headers['content-length'] = Buffer.byteLength(body)
  response.writeHead(init.status, init.statusText, headers).end(body ?? undefined)
}

/** The rest of the body is thrown away as it comes: whoever still sends would not hear an answer on a cut connection. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  const error = payloadTooLarge(`A request has at most ${MAX_REQUEST_BYTES} bytes.`, {
    maxRequestBytes: MAX_REQUEST_BYTES,
  })
  answer(request, response, [
    bodyOf(error),
    { status: 413, statusText: 'Payload Too Large', headers: JSON_TYPE },
  ])
  request.resume()
}

function bodyOf({ message, code, details }: CloudpushError): string {
  return JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] })
}
