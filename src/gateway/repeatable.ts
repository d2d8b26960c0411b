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

/** Mutations that do no more the second time than the first. */
const REPEATABLE: readonly string[] = ['heartbeat', 'authenticate', 'acknowledge', 'configure', 'undrain']

interface Payload {
  readonly query?: unknown
  readonly operationName?: unknown
  readonly variables?: unknown
}

/**
 * Whether an operation may be sent to a second replica after a first one may have run it already. Subscriptions resume,
 * queries change nothing, and a push that has an `id` is stored once. Any other mutation might happen twice.
 */
export function mayRepeat(subscribeMessage: string): boolean {
  const { payload } = JSON.parse(subscribeMessage) as { payload?: Payload }
  const document = typeof payload?.query === 'string' ? documentOf(payload.query) : null
  const name = typeof payload?.operationName === 'string' ? payload.operationName : null
  const operation = document && getOperationAST(document, name)
  // A replica says what is wrong with it, and runs none of it.
  if (!document || !operation) return true
  if (operation.operation !== OperationTypeNode.MUTATION) return true
  const variables = (payload?.variables ?? {}) as Record<string, unknown>
  return rootFields(document, operation.selectionSet).every(
    (field) =>
      REPEATABLE.includes(field.name.value) || (field.name.value === 'push' && hasId(field, variables)),
  )
}

function hasId(push: FieldNode, variables: Record<string, unknown>): boolean {
  const input = push.arguments?.find(({ name }) => name.value === 'input')
  const value = input && (valueFromASTUntyped(input.value, variables) as { id?: unknown } | null | undefined)
  return value?.id !== undefined && value.id !== null
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
