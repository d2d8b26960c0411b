import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { CloudpushError, unauthenticated } from '../errors.ts'
import { patternProblem } from './patterns.ts'
import { type Principal, tokenPrincipal } from './principal.ts'

/** A token this long is no token of ours; nothing is spent on it. */
const MAX_TOKEN_CHARACTERS = 16_384
const MAX_PATTERNS = 1_000
const MAX_SUBJECT_BYTES = 256
/** Unknown keys do not make us ask for the set more often than this, or a tenth of its age where that is less. */
const MAX_COOLDOWN_SECONDS = 30
const FETCH_LIMIT_MS = 5_000 // 5 seconds

/** By algorithm, how many bytes a secret must have at least: those of the hash (RFC 7518 §3.2). */
const SECRET_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const
/** A secret is never tried for these, nor a public key for the others: the kind of key decides, not the token. */
const PUBLIC_KEY_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

export interface TokenOptions {
  readonly jwtSecret: string | null
  readonly jwksUrl: string | null
  /** How long a fetched key set is trusted; a key that was removed from it is refused after so long at most. */
  readonly jwksMaxAgeSeconds: number
  readonly jwtIssuer: string | null
  readonly jwtAudience: string | null
  readonly jwtClockToleranceSeconds: number
}

export type VerifyToken = (token: string) => Promise<Principal>

/** Null where neither a secret nor a key set is configured. */
export function createTokenVerifier(options: TokenOptions): VerifyToken | null {
  const { jwtSecret, jwksUrl, jwtClockToleranceSeconds } = options
  if (jwtSecret === null && jwksUrl === null) return null
  const secret = jwtSecret === null ? null : new TextEncoder().encode(jwtSecret)
  const secretAlgorithms = Object.entries(SECRET_BYTES)
    .filter(([, bytes]) => secret !== null && secret.length >= bytes)
    .map(([algorithm]) => algorithm)
  const publicKey = jwksUrl === null ? null : createKeySet(new URL(jwksUrl), options.jwksMaxAgeSeconds)
  const demands = {
    requiredClaims: ['sub', 'exp'],
    clockTolerance: jwtClockToleranceSeconds,
    ...(options.jwtIssuer === null ? {} : { issuer: options.jwtIssuer }),
    ...(options.jwtAudience === null ? {} : { audience: options.jwtAudience }),
  }

  return async (token) => {
    if (token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated('The token is too long.')
    try {
      const { alg = '' } = decodeProtectedHeader(token)
      if (secret !== null && secretAlgorithms.includes(alg)) {
        const { payload } = await jwtVerify(token, secret, { ...demands, algorithms: secretAlgorithms })
        return toPrincipal(payload, jwtClockToleranceSeconds)
      }
      if (publicKey === null || !PUBLIC_KEY_ALGORITHMS.includes(alg)) {
        throw unauthenticated('The token is signed in a way that is not taken here.')
      }
      const { payload } = await jwtVerify(token, publicKey, { ...demands, algorithms: PUBLIC_KEY_ALGORITHMS })
      return toPrincipal(payload, jwtClockToleranceSeconds)
    } catch (error) {
      throw toPublic(error)
    }
  }
}

/** The key set behind a URL. While the URL cannot be had, the keys that were had last go on. */
function createKeySet(url: URL, maxAgeSeconds: number): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, {
    cacheMaxAge: maxAgeSeconds * 1_000,
    cooldownDuration: Math.min(MAX_COOLDOWN_SECONDS, maxAgeSeconds / 10) * 1_000,
    timeoutDuration: FETCH_LIMIT_MS,
  })
  return async (header, token) => {
    try {
      return await remote(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error
      const known = remote.jwks()
      if (known) return await createLocalJWKSet(known)(header, token)
      throw new CloudpushError(
        'AUTHENTICATION_UNAVAILABLE',
        'The keys that tokens are checked with cannot be had now; try again.',
        {},
        error,
      )
    }
  }
}

const patterns = z
  .array(
    z.string().superRefine((text, context) => {
      const problem = patternProblem(text)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem })
    }),
  )
  .max(MAX_PATTERNS)
  .default([])

/** The claim `cloudpush`. Without it a token names its subject and grants nothing. */
const GRANTS = z
  .object({ subscribe: patterns, push: patterns, admin: z.boolean().default(false) })
  .default({ subscribe: [], push: [], admin: false })

function toPrincipal(payload: JWTPayload, toleranceSeconds: number): Principal {
  const { sub, exp } = payload
  if (sub === undefined || exp === undefined || sub === '' || Buffer.byteLength(sub) > MAX_SUBJECT_BYTES) {
    throw unauthenticated(`The token's sub must have 1 to ${MAX_SUBJECT_BYTES} bytes.`)
  }
  const grants = GRANTS.safeParse(payload['cloudpush'])
  if (!grants.success) {
    const { path = [], message = '' } = grants.error.issues[0] ?? {}
    throw unauthenticated(`The token's claim ${['cloudpush', ...path].join('.')} is wrong: ${message}.`)
  }
  return tokenPrincipal(sub, grants.data, (exp + toleranceSeconds) * 1_000)
}

function toPublic(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired.')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The token is not valid: its claim ${error.claim} is missing or wrong.`)
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return unauthenticated('The token is not valid.')
  }
  return error
}
