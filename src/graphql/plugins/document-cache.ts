import type { DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { ValidDocuments } from '../valid-documents.ts'

/** Finds documents that came before, and keeps those that have shown to be valid. */
export function useDocumentCache(documents: ValidDocuments): Plugin {
  const texts = new WeakMap<DocumentNode, string>()
  const valid = new WeakSet<DocumentNode>()

  return {
    onParse({ params, setParsedDocument }) {
      const text = params.source.toString()
      const document = documents.find(text)
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
        if (text !== undefined) documents.keep(text, document)
      }
    },
  }
}
