import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Access } from '../access/access.ts'
import { NOBODY, type Principal } from '../access/principal.ts'
import { CloudpushError } from '../errors.ts'
import { toPublicError } from '../graphql/plugins/errors.ts'
import type { Log } from '../observability/log.ts'
import { isUnavailable } from './session-access.ts'

/** Who a request is from; null where it was refused, and has been answered. */
export async function principalOf(
  access: Access,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<Principal | null> {
  if (request.method === 'OPTIONS' || asksForPage(request)) return NOBODY
  try {
    return await access.ofHeaders(request.headers)
  } catch (error) {
    refuse(request, response, error, log)
    return null
  }
}

/** A browser asks for the page of GraphiQL: it has no credentials yet, nor runs an operation. */
export function asksForPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && /text\/html/.test(headers.accept ?? '')
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const { message, extensions } = toPublicError(error, log)
  const status = isUnavailable(error) ? 503 : error instanceof CloudpushError ? 401 : 500
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8' }
  if (request.headers.origin !== undefined) headers['access-control-allow-origin'] = '*'
  // RFC 6750 §3.1: what was wrong with credentials is told only where there were some.
  const given = request.headers.authorization !== undefined
  if (status === 401) headers['www-authenticate'] = given ? 'Bearer error="invalid_token"' : 'Bearer'
  response.writeHead(status, headers).end(JSON.stringify({ errors: [{ message, extensions }] }))
  // Its body is thrown away as it comes: whoever still sends would not hear an answer on a cut connection.
  request.resume()
}
