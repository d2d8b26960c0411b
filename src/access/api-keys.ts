import { createHash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { splitKeys } from '../config/secrets.ts'
import type { KeySource } from '../config/settings.ts'
import { unauthenticated } from '../errors.ts'
import { keyPrincipal, type Principal } from './principal.ts'

const REREAD_MS = 1_000 // 1 second

export interface ApiKeyOptions {
  /** A file is read again and again, so that keys can be added and withdrawn. */
  readonly source: KeySource
  /** Told when the file cannot be read; the keys known last go on. */
  readonly problem: (error: unknown) => void
}

interface Key {
  readonly digest: Buffer
  readonly principal: Principal
}

/**
 * The keys of back ends. Only their digests are kept, and each is compared with the one given in the same time, whatever
 * they have in common.
 */
export class ApiKeys implements Disposable {
  #keys: readonly Key[]
  readonly #timer: NodeJS.Timeout | undefined
  #text = ''

  constructor({ source: { keys, file }, problem }: ApiKeyOptions) {
    this.#keys = keys.map((key) => this.#toKey(digestOf(key)))
    if (file === null) return
    this.#timer = setInterval(() => void this.#reread(file).catch(problem), REREAD_MS)
    this.#timer.unref()
  }

  /** Throws `UNAUTHENTICATED` for a key that is none, or none any more. */
  verify(given: string): Principal {
    const digest = digestOf(given)
    let found: Principal | null = null
    for (const key of this.#keys) if (timingSafeEqual(key.digest, digest)) found = key.principal
    if (found === null) throw unauthenticated('The API key is not valid.')
    return found
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #reread(file: string): Promise<void> {
    const text = await readFile(file, 'utf8')
    if (text === this.#text) return
    const digests = splitKeys(text).map(digestOf)
    // A file that is being written anew may be empty for a moment.
    if (digests.length === 0) return
    this.#text = text
    const known = (digest: Buffer) => this.#keys.find((key) => key.digest.equals(digest))
    this.#keys = digests.map((digest) => known(digest) ?? this.#toKey(digest))
  }

  #toKey(digest: Buffer): Key {
    const isRevoked = () => !this.#keys.some((key) => key.digest.equals(digest))
    // Enough to tell keys apart in logs and in Message.from, far too little to guess one.
    return { digest, principal: keyPrincipal(`api-key-${digest.toString('hex', 0, 4)}`, isRevoked) }
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
