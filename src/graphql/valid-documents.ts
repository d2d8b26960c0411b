import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

const MAX_DOCUMENTS = 1_024
/** Characters of all texts that are kept: what was parsed of them takes some hundred times as much memory. */
const MAX_CHARACTERS = 131_072
/** Longer ones are not kept: they have values written into them, and do not come again. */
const MAX_LONGEST = 8_192

/**
 * Documents by their text, so that those that come again are not parsed and validated again. Only valid ones are kept, bounded
 * by what they take: an error holds on, by its stack, to all that validation had in its hands, and what is wrong is not worth
 * that much.
 */
export class ValidDocuments {
  readonly #documents = new LRUCache<string, DocumentNode>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_CHARACTERS,
    maxEntrySize: MAX_LONGEST,
    sizeCalculation: (_document, text) => Math.max(1, text.length),
  })

  find(text: string): DocumentNode | null {
    return this.#documents.get(text) ?? null
  }

  keep(text: string, document: DocumentNode): void {
    this.#documents.set(text, document)
  }
}
