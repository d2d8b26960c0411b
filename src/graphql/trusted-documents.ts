import { EVERYBODY, type Principal } from '../access/principal.ts'
import type { Manifest } from '../config/manifest.ts'
import { forbidden } from '../errors.ts'

/** An operation as it was sent: its text, or the id of a text that is known. */
export interface Requested {
  readonly query?: string | null | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/**
 * Which documents may be run: all, or those of a manifest, by their id or word for word. Admins may run any: their tools have
 * documents of their own. Ids come as `extensions.documentId`, or as Apollo's `extensions.persistedQuery.sha256Hash`; over
 * HTTP also as `documentId` beside the variables (GraphQL over HTTP, appendix "Persisted Documents").
 */
export class TrustedDocuments {
  readonly #manifest: Manifest | null
  readonly #texts: ReadonlySet<string>

  constructor(manifest: Manifest | null) {
    this.#manifest = manifest
    this.#texts = new Set(manifest?.values())
  }

  /** The text that is to be run. Throws `FORBIDDEN` where it is not among those that may. */
  textOf({ query, extensions }: Requested, principal: Principal): string {
    if (this.#manifest === null) return query ?? ''
    const id = idIn(extensions)
    const text = id === null ? undefined : this.#manifest.get(id)
    if (text !== undefined) return text
    if (query && (this.#texts.has(query) || isOperator(principal))) return query
    throw forbidden(
      id === null || query
        ? 'This document is not a trusted one: only those of the manifest (--trusted-documents) are run.'
        : `No trusted document has the id ${JSON.stringify(id.slice(0, 256))}: is the manifest (--trusted-documents) of this release?`,
    )
  }

  /** A body that is JSON, with ids where they are looked for; as it came where it is none. */
  inBody(body: string): string | Record<string, unknown> {
    if (this.#manifest === null) return body
    try {
      return this.withId(JSON.parse(body)) as Record<string, unknown>
    } catch {
      return body
    }
  }

  /** What a request says by `documentId`, said as the other transports say it. */
  withId(body: unknown): unknown {
    if (this.#manifest === null || typeof body !== 'object' || body === null) return body
    const { documentId, query, extensions } = body as {
      documentId?: unknown
      query?: unknown
      extensions?: object
    }
    if (typeof documentId === 'string') {
      return { ...body, query: query ?? '', extensions: { ...extensions, documentId } }
    }
    return idIn(extensions as Requested['extensions']) === null ? body : { ...body, query: query ?? '' }
  }
}

function idIn(extensions: Requested['extensions']): string | null {
  const { documentId, persistedQuery } = extensions ?? {}
  const hash = (persistedQuery as { sha256Hash?: unknown } | null | undefined)?.sha256Hash
  const id = documentId ?? hash
  return typeof id === 'string' ? id.replace(/^sha256:/, '') : null
}

/** Where there is no authentication everybody may do all, but nobody has shown to be an operator. */
function isOperator(principal: Principal): boolean {
  return principal.admin && principal !== EVERYBODY
}
