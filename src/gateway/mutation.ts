import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'

/** Documents are few and repeat: a replica's whole crowd of sessions is looked at in one go. */
const MAX_DOCUMENTS = 500
const documents = new Map<string, DocumentNode | null>()

interface Payload {
  readonly query?: unknown
  readonly operationName?: unknown
  readonly variables?: unknown
}

/** One root field of a mutation, with its arguments as they were given: nothing is checked here. */
export interface MutationField {
  readonly name: string
  argument(name: string): unknown
}

/** What a `subscribe` message asks to be done, in order; null where it is no mutation, or nothing that could run. */
export function mutationFieldsOf(subscribeMessage: string): MutationField[] | null {
  const { payload } = JSON.parse(subscribeMessage) as { payload?: Payload }
  const document = typeof payload?.query === 'string' ? documentOf(payload.query) : null
  const name = typeof payload?.operationName === 'string' ? payload.operationName : null
  const operation = document && getOperationAST(document, name)
  if (!document || operation?.operation !== OperationTypeNode.MUTATION) return null
  const variables = (payload?.variables ?? {}) as Record<string, unknown>
  return rootFields(document, operation.selectionSet).map((field) => ({
    name: field.name.value,
    argument: (argument) => {
      const given = field.arguments?.find((node) => node.name.value === argument)
      return given && valueFromASTUntyped(given.value, variables)
    },
  }))
}

function rootFields(document: DocumentNode, set: SelectionSetNode, seen = new Set<string>()): FieldNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(document, selection.selectionSet, seen)
    const name = selection.name.value
    const fragment = document.definitions.find(
      (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name,
    )
    if (fragment?.kind !== Kind.FRAGMENT_DEFINITION || seen.has(name)) return []
    return rootFields(document, fragment.selectionSet, new Set([...seen, name]))
  })
}

function documentOf(query: string): DocumentNode | null {
  let document = documents.get(query)
  if (document === undefined) {
    document = parsed(query)
    if (documents.size >= MAX_DOCUMENTS) documents.clear()
    documents.set(query, document)
  }
  return document
}

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query, { noLocation: true })
  } catch {
    return null
  }
}
