import type { Plugin } from 'graphql-yoga'
import { NOBODY } from '../../access/principal.ts'
import type { TrustedDocuments } from '../trusted-documents.ts'
import type { ServerContext } from '../yoga.ts'

/** For requests whose operations Yoga prepares: GET and event streams. */
export function useTrustedDocuments(documents: TrustedDocuments): Plugin<object, ServerContext> {
  return {
    onParams({ params, setParams, context }) {
      const known = documents.withId(params) as typeof params
      const query = documents.textOf(known, context.origin?.principal ?? NOBODY)
      if (query !== params.query) setParams({ ...known, query })
    },
  }
}
