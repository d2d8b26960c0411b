import type { Access } from '../access/access.ts'
import type { Guarded } from '../access/expiries.ts'
import { endOf, NOBODY, type Principal } from '../access/principal.ts'
import { CloudpushError, forbidden, unauthenticated } from '../errors.ts'
import type { Recheck, SessionAccess } from '../graphql/context.ts'

/** The conversation of the session. */
export interface Guardian {
  isUnderWay(operationId: string): boolean
  /** Ends one operation with its error. */
  endOperation(operationId: string, error: unknown): void
  /** The session ends: what it showed counts no more. */
  expired(reason: string): void
}

/**
 * Whom a WebSocket session belongs to. It begins with nobody, and `connection_init` says who it is; then its token may
 * be renewed, but the subject stays. What a renewed token covers no more is ended, each operation with its own error.
 */
export class AccessOfSession implements SessionAccess, Guarded {
  readonly #access: Access
  readonly #guardian: Guardian
  /** Made when the first operation needs it: most sessions have no more than one. */
  #rechecks: Map<string, Recheck> | null = null
  #renewals = 0
  principal: Principal = NOBODY

  constructor(access: Access, guardian: Guardian) {
    this.#access = access
    this.#guardian = guardian
  }

  guard(operationId: string, recheck: Recheck): void {
    // Only tokens can be renewed.
    if (this.principal.expiresAt === null) return
    this.#rechecks ??= new Map()
    for (const id of this.#rechecks.keys()) if (!this.#guardian.isUnderWay(id)) this.#rechecks.delete(id)
    this.#rechecks.set(operationId, recheck)
  }

  /** The id begins anew: what was noted of a former operation of that name is not about this one. */
  begins(operationId: string): void {
    this.#rechecks?.delete(operationId)
  }

  /**
   * While the new token is looked at the old one may expire: (a) that is noticed first, and the session is closed; its
   * client comes back with a fresh one. (b) The new one is in force first, and the session lives on. Of two renewals at
   * once the one that was asked for later counts, whichever is looked at faster.
   */
  async renew(token: string): Promise<Date> {
    const renewal = ++this.#renewals
    const principal = await this.#access.ofToken(token)
    const end = endOf(principal, Date.now())
    if (end !== null || principal.expiresAt === null)
      throw unauthenticated(end ?? 'The token does not expire.')
    if (principal.subject !== this.principal.subject) {
      throw forbidden('The token is of another subject: connect anew with it.')
    }
    if (renewal === this.#renewals) {
      this.principal = principal
      this.#recheckAll(principal)
    }
    return new Date(this.principal.expiresAt ?? principal.expiresAt)
  }

  expired(reason: string): void {
    this.#guardian.expired(reason)
  }

  #recheckAll(principal: Principal): void {
    for (const [id, recheck] of this.#rechecks ?? []) {
      if (!this.#guardian.isUnderWay(id)) continue
      // Where it cannot be told now whether it is still covered, it goes on no more.
      const refuse = (error: unknown) => {
        if (this.#rechecks?.get(id) === recheck) this.#guardian.endOperation(id, error)
      }
      try {
        const checked = recheck(principal)
        if (checked) void checked.catch(refuse)
      } catch (error) {
        refuse(error)
      }
    }
  }
}

/** How a session is refused whose credentials do not count. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof CloudpushError && error.code === 'AUTHENTICATION_UNAVAILABLE'
}
