import type { IncomingHttpHeaders } from 'node:http'
import type { KeySource } from '../config/settings.ts'
import { unauthenticated } from '../errors.ts'
import { ApiKeys } from './api-keys.ts'
import { EVERYBODY, type Principal } from './principal.ts'
import { createTokenVerifier, type TokenOptions } from './tokens.ts'

export interface AccessOptions extends TokenOptions {
  readonly apiKey: KeySource | null
}

/** Who may come in: what was configured, asked with what a client gave. */
export interface Access extends Disposable {
  /** False: there is no authentication, and everybody may do everything. */
  readonly enabled: boolean
  /** By `Authorization: Bearer <token>` or `X-API-Key`. Rejects with `UNAUTHENTICATED`, or when keys cannot be had. */
  ofHeaders(headers: IncomingHttpHeaders): Promise<Principal>
  /** By `connectionParams.authorization` (the token, with or without `Bearer`) or `connectionParams.apiKey`. */
  ofConnectionParams(params: Readonly<Record<string, unknown>> | undefined): Promise<Principal>
  /** By a token alone. */
  ofToken(token: string): Promise<Principal>
}

const NONE_GIVEN = 'Say who you are: a token or an API key is needed.'

/** `problem` is told when keys cannot be read anew; those known last go on. */
export function createAccess(options: AccessOptions, problem: (error: unknown) => void): Access {
  const verifyToken = createTokenVerifier(options)
  const keys = options.apiKey === null ? null : new ApiKeys({ source: options.apiKey, problem })
  const enabled = verifyToken !== null || keys !== null

  const ofToken = async (given: string): Promise<Principal> => {
    if (verifyToken === null) throw unauthenticated('Tokens are not taken here.')
    return verifyToken(given.replace(/^bearer +/i, ''))
  }
  const ofEither = async (token: unknown, key: unknown): Promise<Principal> => {
    if (!enabled) return EVERYBODY
    // Both may be given; then both must be right, and the token says who it is.
    if (key !== undefined && typeof key !== 'string') throw unauthenticated('The API key must be a string.')
    if (key !== undefined && keys === null) throw unauthenticated('API keys are not taken here.')
    const byKey = key === undefined || keys === null ? null : keys.verify(key)
    if (token === undefined) {
      if (byKey === null) throw unauthenticated(NONE_GIVEN)
      return byKey
    }
    if (typeof token !== 'string') throw unauthenticated('The token must be a string.')
    return ofToken(token)
  }

  return {
    enabled,
    ofToken,
    ofHeaders: async ({ authorization, 'x-api-key': key }) => {
      if (enabled && authorization !== undefined && !/^bearer /i.test(authorization)) {
        throw unauthenticated('Authorization must be "Bearer <token>".')
      }
      return ofEither(authorization, key)
    },
    ofConnectionParams: async (params) =>
      ofEither(params?.['authorization'] ?? params?.['Authorization'], params?.['apiKey']),
    [Symbol.dispose]() {
      keys?.[Symbol.dispose]()
    },
  }
}
