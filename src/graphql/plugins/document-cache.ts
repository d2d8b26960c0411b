import type { DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'

const MAX_DOCUMENTS = 1_024
/** Characters of all texts that are kept: what was parsed of them takes some hundred times as much memory. */
const MAX_CHARACTERS = 131_072
/** Longer ones are not kept: they have values written into them, and do not come again. */
const MAX_LONGEST = 8_192

/**
 * Documents that come again are not parsed and validated again. Only valid ones are kept, bounded by what they take: an error holds
 * on, by its stack, to all that validation had in its hands, and what is wrong is not worth that much.
 */
export function useDocumentCache(): Plugin {
  const documents = new LRUCache<string, DocumentNode>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_CHARACTERS,
    maxEntrySize: MAX_LONGEST,
    sizeCalculation: (_document, text) => Math.max(1, text.length),
  })
  const texts = new WeakMap<DocumentNode, string>()
  const valid = new WeakSet<DocumentNode>()

  return {
    onParse({ params, setParsedDocument }) {
      const text = params.source.toString()
      const document = documents.get(text)
      if (document) return setParsedDocument(document)
      return ({ result }) => {
        if (result && !(result instanceof Error)) texts.set(result, text)
      }
    },
    onValidate({ params, setResult }) {
      const document: DocumentNode = params.documentAST
      if (valid.has(document)) return setResult([])
      return ({ valid: isValid }) => {
        if (!isValid) return
        valid.add(document)
        const text = texts.get(document)
        if (text !== undefined) documents.set(text, document)
      }
    },
  }
}
