import type { Log } from '../../observability/log.ts'

/** Tells of an outage once, of each new reason once, and when it is over. */
export class TroubleLog {
  last: string | null = null
  readonly #address: string
  readonly #log: Log | undefined

  constructor(address: string, log: Log | undefined) {
    this.#address = address
    this.#log = log
  }

  failed(error: Error): void {
    // A refused connection to several addresses comes as an AggregateError without a message of its own.
    const { code } = error as NodeJS.ErrnoException
    const reason = adviceOf(code, error.message) ?? (error.message || code || error.name)
    if (reason === this.last) return
    this.last = reason
    this.#log?.warn({ redis: this.#address, reason }, 'Redis cannot be reached; trying again')
  }

  over(): void {
    if (this.last !== null) this.#log?.info({ redis: this.#address }, 'Redis is back')
    this.last = null
  }
}

/** What to do, where what TLS says does not tell. */
function adviceOf(code: string | undefined, message: string): string | null {
  if (code === undefined) return null
  if (UNTRUSTED.includes(code)) {
    return `${message}: name the authority that its certificate comes from with --redis-ca`
  }
  if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
    return 'it asks for a certificate: give --redis-cert and --redis-key'
  }
  return null
}

/** Codes of OpenSSL's verification, as Node names them. */
const UNTRUSTED = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]
