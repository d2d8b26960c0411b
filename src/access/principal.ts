import { forbidden, unauthenticated } from '../errors.ts'
import { compilePatterns, type Patterns } from './patterns.ts'

/** Who asks, and what they were granted. */
export interface Principal {
  /** A token's `sub`, or the name made for an API key; null where there is no authentication. */
  readonly subject: string | null
  readonly subscribe: Patterns
  /** Admins may push to all. */
  readonly push: Patterns
  /** All fields of operators, and pushing to everyone. Reading what was pushed is not among it. */
  readonly admin: boolean
  /** When it ends, ms since 1970; null: it does not. */
  readonly expiresAt: number | null
  /** True once its key has been withdrawn. */
  readonly isRevoked: () => boolean
}

const ALL = compilePatterns(['**'])
const NONE = compilePatterns([])
const never = () => false

/** Where no authentication is configured: whoever reaches us may do everything. */
export const EVERYBODY: Principal = {
  subject: null,
  subscribe: ALL,
  push: ALL,
  admin: true,
  expiresAt: null,
  isRevoked: never,
}

/** Nobody in particular: what has no credentials, and needs none, such as the page of GraphiQL. */
export const NOBODY: Principal = { ...EVERYBODY, subscribe: NONE, push: NONE, admin: false, expiresAt: 0 }

/** A back end: it pushes and operates, and reads nothing. */
export function keyPrincipal(subject: string, isRevoked: () => boolean): Principal {
  return { subject, subscribe: NONE, push: ALL, admin: true, expiresAt: null, isRevoked }
}

export interface Grants {
  readonly subscribe: readonly string[]
  readonly push: readonly string[]
  readonly admin: boolean
}

export function tokenPrincipal(subject: string, grants: Grants, expiresAt: number): Principal {
  return {
    subject,
    subscribe: compilePatterns(grants.subscribe),
    push: grants.admin ? ALL : compilePatterns(grants.push),
    admin: grants.admin,
    expiresAt,
    isRevoked: never,
  }
}

/** Why a principal counts no more; null while it does. */
export function endOf({ expiresAt, isRevoked }: Principal, now: number): string | null {
  if (expiresAt !== null && now >= expiresAt) return 'The token has expired.'
  return isRevoked() ? 'The API key was withdrawn.' : null
}

/** Throws `UNAUTHENTICATED` where the principal counts no more. */
export function assertCurrent(principal: Principal): void {
  const end = endOf(principal, Date.now())
  if (end !== null) throw unauthenticated(end)
}

export function assertAdmin({ admin }: Principal): void {
  if (!admin) throw forbidden('This is for admins: the token has no admin grant.')
}

export function assertMaySubscribe({ subscribe }: Principal, identifier: string): void {
  if (!subscribe.covers(identifier)) throw notGranted('subscribe', identifier)
}

export function assertMayPush({ push }: Principal, identifier: string): void {
  if (!push.covers(identifier)) throw notGranted('push', identifier)
}

export function assertMayPushToEveryone({ push }: Principal): void {
  if (!push.all) throw forbidden('Pushing to everyone needs the push grant "**", or admin.')
}

function notGranted(what: 'subscribe' | 'push', identifier: string) {
  return forbidden(`There is no ${what} grant for ${JSON.stringify(identifier.slice(0, 256))}.`, {
    identifier,
  })
}
