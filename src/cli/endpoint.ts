import { type CredentialOptions, type Credentials, credentialsOf } from './credentials.ts'
import { CommandFailure, EXIT, refusal, type Terminal } from './terminal.ts'

const DEFAULT_URL = 'http://localhost:4000/graphql'

export const URL_HELP = `the gateway's GraphQL URL, http(s) or ws(s) (default: CLOUDPUSH_URL, else ${DEFAULT_URL})`

/** The gateway's URL in both its schemes, from `--url`, else `CLOUDPUSH_URL`, else the local default. */
export function gatewayUrls(given: string | undefined, env: Terminal['env']): { http: string; ws: string } {
  const text = given ?? (env['CLOUDPUSH_URL'] || DEFAULT_URL)
  if (!URL.canParse(text) || !/^(http|ws)s?:$/.test(new URL(text).protocol)) {
    throw new CommandFailure(`"${text}" is no http(s) or ws(s) URL, such as ${DEFAULT_URL}.`, EXIT.usage)
  }
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = '/graphql'
  const bare = url.href.replace(/^(ws|http)/, '')
  return { http: `http${bare}`, ws: `ws${bare}` }
}

/** Where a hand tool goes, and what it says there who it is. */
export interface GatewayTarget extends Credentials {
  readonly http: string
  readonly ws: string
}

export function gatewayTarget(
  options: CredentialOptions & { readonly url?: string },
  env: Terminal['env'],
): GatewayTarget {
  return { ...gatewayUrls(options.url, env), ...credentialsOf(options, env) }
}

interface GraphQLAnswer<T> {
  readonly data?: T | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

/** One query or mutation over HTTP. Fails with a message for people where it is refused or nobody answers. */
export async function request<T>(
  { http: url, headers }: Pick<GatewayTarget, 'http' | 'headers'>,
  query: string,
  variables: Record<string, unknown>,
): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  }).catch((error: unknown) => {
    throw unreachable(url, error)
  })
  const text = await response.text()
  const answer = parseAnswer<T>(text)
  if (!answer)
    throw new CommandFailure(
      `${url} answered ${response.status} and no GraphQL. Is it the gateway?`,
      EXIT.refused,
    )
  if (answer.errors?.[0]) throw refusal(answer.errors)
  return answer.data as T
}

function unreachable(url: string, error: unknown): CommandFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason =
    cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause)
  return new CommandFailure(
    `The gateway at ${url} cannot be reached (${reason}). Start one with \`npm start\`, or name another with --url.`,
    EXIT.unreachable,
  )
}

function parseAnswer<T>(text: string): GraphQLAnswer<T> | null {
  try {
    const answer = JSON.parse(text) as GraphQLAnswer<T>
    return answer !== null && typeof answer === 'object' && ('data' in answer || 'errors' in answer)
      ? answer
      : null
  } catch {
    return null
  }
}
