import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export const SECRET = 'a secret of the tests, which has 32 bytes and more'

export interface TokenClaims {
  /** Null: the token has none. */
  readonly sub?: string | null
  readonly cloudpush?: unknown
  readonly iss?: string
  readonly aud?: string
  /** Default 60; negative: it has expired. Null: the token has none. */
  readonly expiresIn?: number | null
}

function unsigned({ sub = 'someone', cloudpush, iss, aud, expiresIn = 60 }: TokenClaims): SignJWT {
  const token = new SignJWT({
    ...(cloudpush === undefined ? {} : { cloudpush }),
    ...(expiresIn === null ? {} : { exp: Date.now() / 1_000 + expiresIn }),
  })
  if (sub !== null) token.setSubject(sub)
  if (iss !== undefined) token.setIssuer(iss)
  if (aud !== undefined) token.setAudience(aud)
  return token
}

/** A token signed with a secret. */
export function secretToken(claims: TokenClaims, secret = SECRET, alg = 'HS256'): Promise<string> {
  return unsigned(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))
}

/** A token that says of itself that it needs no signature. */
export function unsignedToken(claims: { readonly sub: string; readonly [name: string]: unknown }): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1_000) + 60
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ exp, ...claims })}.`
}

export interface KeyPair {
  readonly kid: string
  readonly publicJwk: JWK
  /** The public key as everybody may have it. */
  readonly publicPem: string
  token(claims: TokenClaims): Promise<string>
}

export async function createKeyPair(kid: string, alg = 'ES256'): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg },
    publicPem: await exportSPKI(publicKey),
    token: (claims) => unsigned(claims).setProtectedHeader({ alg, kid }).sign(privateKey),
  }
}

/** A key set behind a URL. */
export interface KeyServer extends AsyncDisposable {
  readonly url: string
  /** What is served from now on; null: an error. */
  keys: readonly KeyPair[] | null
  /** How often it was asked. */
  readonly requests: number
}

export async function startKeyServer(keys: readonly KeyPair[]): Promise<KeyServer> {
  const state = { keys: keys as readonly KeyPair[] | null, requests: 0 }
  const server = createServer((_request, response) => {
    state.requests++
    if (state.keys === null) return void response.writeHead(500).end()
    const body = JSON.stringify({ keys: state.keys.map(({ publicJwk }) => publicJwk) })
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/keys`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
