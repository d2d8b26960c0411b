import { LRUCache } from 'lru-cache'

/** Characters of all texts that are kept; what was parsed of them takes some fifty times as much. */
const MAX_CHARACTERS = 1_048_576
/** Longer ones are not kept: they have values written into them, and do not come again. */
const MAX_LONGEST = 65_536

/** What was made of documents, by their text; bounded by what it takes, not only by how many they are. */
export function createDocumentCache<T extends object>(): LRUCache<string, T> {
  return new LRUCache({
    max: 1_024,
    maxSize: MAX_CHARACTERS,
    maxEntrySize: MAX_LONGEST,
    sizeCalculation: (_parsed, text) => Math.max(1, text.length),
  })
}
