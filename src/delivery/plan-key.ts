import {
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  separateOperations,
  visit,
} from 'graphql'

/**
 * What two operations must share to render alike: schema, chosen operation, selection, and the values of the variables
 * that the selection uses. White space, comments, the order of fragments, other operations in the document, the root
 * field's arguments and variables used only there do not tell them apart.
 */
export function planKey(operation: {
  schema: GraphQLSchema
  document: DocumentNode
  operationName: string | null
  variableValues: Readonly<Record<string, unknown>>
}): string {
  const { text, variables } = normalised(operation.document, operation.operationName ?? '')
  const values = variables.map((name) => [name, operation.variableValues[name]])
  return `${schemaNumber(operation.schema)}\n${JSON.stringify(values)}\n${text}`
}

interface Normalised {
  readonly text: string
  /** Names of the variables used outside the root field's arguments, sorted. */
  readonly variables: readonly string[]
}

// Parsed documents are cached by their source, so the same text from many clients is normalised once.
const known = new WeakMap<DocumentNode, Map<string, Normalised>>()

function normalised(document: DocumentNode, operationName: string): Normalised {
  let byName = known.get(document)
  if (!byName) {
    byName = new Map()
    known.set(document, byName)
  }
  let result = byName.get(operationName)
  if (!result) {
    result = normalise(document, operationName)
    byName.set(operationName, result)
  }
  return result
}

function normalise(document: DocumentNode, operationName: string): Normalised {
  const separate = separateOperations(document)
  const chosen = (operationName === '' ? Object.values(separate)[0] : separate[operationName]) ?? document
  const variables = new Set<string>()
  const root = rootSelections(chosen)
  const stripped = visit(chosen, {
    OperationDefinition: (node) => ({ ...node, name: undefined }),
    VariableDefinition: () => null,
    // A field of the root type: its arguments choose the stream, they do not shape what is rendered.
    Argument: (_node, _key, _parent, _path, ancestors) =>
      root.has(ancestors.at(-1) as object) ? null : undefined,
    Variable: (node) => {
      variables.add(node.name.value)
      return undefined
    },
  })
  const definitions = stripped.definitions.map((definition: DefinitionNode) => print(definition)).sort()
  return { text: definitions.join('\n'), variables: [...variables].sort() }
}

/** The root fields of the operation, also those behind fragments on the root type. */
function rootSelections(document: DocumentNode): Set<object> {
  const fields = new Set<object>()
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  )
  const seen = new Set<object>()
  const walk = (set: OperationDefinitionNode['selectionSet'] | undefined) => {
    if (!set || seen.has(set)) return
    seen.add(set)
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) fields.add(selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet)
      else walk(fragments.get(selection.name.value))
    }
  }
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) walk(definition.selectionSet)
  }
  return fields
}

const schemaNumbers = new WeakMap<GraphQLSchema, number>()
let schemas = 0

function schemaNumber(schema: GraphQLSchema): number {
  let number = schemaNumbers.get(schema)
  if (number === undefined) {
    number = ++schemas
    schemaNumbers.set(schema, number)
  }
  return number
}
