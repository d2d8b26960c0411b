import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** What a document asks for, all its operations together, every fragment counted as often as it is spread. */
export interface QueryShape {
  /** Fields, spreads and directives as they are written, used or not. */
  readonly written: number
  /** Levels of fields. What is below `__schema` and `__type` does not count: graphql-js has its own rule for that. */
  readonly depth: number
  readonly aliases: number
  /** Of fields and directives, one each; without what is below sized lists. */
  readonly fixedCost: number
  readonly lists: readonly SizedList[]
}

/** A list whose length an argument gives: it costs so often what is selected of each item. */
interface SizedList {
  readonly field: FieldNode
  readonly costOfItem: number
  /** How often the field is asked for. */
  readonly times: number
}

/** Fields that answer lists, by name: the argument that says how long they become, and how long they are without it. */
export const SIZED_FIELDS: Readonly<
  Record<string, { readonly argument: string; readonly fallback: number }>
> = {
  inbox: { argument: 'last', fallback: 20 },
  presence: { argument: 'identifiers', fallback: 1 },
  statistics: { argument: 'lastMinutes', fallback: 60 },
}

/** Field by field while it is summed up. */
interface Sum {
  depth: number
  aliases: number
  cost: number
  readonly lists: Map<FieldNode, { readonly costOfItem: number; times: number }>
}

/**
 * Measures a document, in time linear in its length however its fragments are nested: before validation, since some of
 * those rules are quadratic in the number of fields. A cycle of fragments counts once; validation refuses it.
 */
export function shapeOf(document: DocumentNode): QueryShape {
  const fragments = new Map<string, FragmentDefinitionNode>()
  const total = nothing()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const measured = new Map<string, Sum>()
  let written = 0

  function ofSelections({ selections }: SelectionSetNode): Sum {
    const sum = nothing()
    for (const selection of selections) {
      written += 1 + (selection.directives?.length ?? 0)
      sum.cost += selection.directives?.length ?? 0
      add(sum, ofSelection(selection))
    }
    return sum
  }

  function ofSelection(selection: SelectionNode): Sum {
    if (selection.kind === Kind.FIELD) return ofField(selection)
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet)
    return ofFragment(selection.name.value)
  }

  function ofField(field: FieldNode): Sum {
    const name = field.name.value
    const sum = nothing()
    if (field.selectionSet) add(sum, ofSelections(field.selectionSet))
    sum.depth = name === '__schema' || name === '__type' ? 1 : sum.depth + 1
    sum.aliases += field.alias ? 1 : 0
    if (Object.hasOwn(SIZED_FIELDS, name)) {
      sum.lists.set(field, { costOfItem: sum.cost, times: 1 })
      sum.cost = 0
    }
    sum.cost += 1
    return sum
  }

  function ofFragment(name: string): Sum {
    const known = measured.get(name)
    if (known) return known
    // Whoever spreads it within itself finds nothing.
    measured.set(name, nothing())
    const fragment = fragments.get(name)
    const sum = fragment ? ofSelections(fragment.selectionSet) : nothing()
    measured.set(name, sum)
    return sum
  }

  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) add(total, ofSelections(definition.selectionSet))
  }
  const lists = [...total.lists].map(([field, { costOfItem, times }]) => ({ field, costOfItem, times }))
  for (const name of fragments.keys()) ofFragment(name)
  return { written, depth: total.depth, aliases: total.aliases, fixedCost: total.cost, lists }
}

/** What the document costs with these variables. */
export function costOf(
  { fixedCost, lists }: QueryShape,
  variables: Readonly<Record<string, unknown>>,
): number {
  let cost = fixedCost
  for (const { field, costOfItem, times } of lists) cost += times * costOfItem * lengthOf(field, variables)
  return cost
}

function lengthOf({ name, arguments: given = [] }: FieldNode, variables: Readonly<Record<string, unknown>>) {
  const sized = SIZED_FIELDS[name.value]
  if (!sized) return 1
  const value = given.find((argument) => argument.name.value === sized.argument)?.value
  if (value?.kind === Kind.INT) return Number(value.value)
  if (value?.kind === Kind.LIST) return value.values.length
  const variable = value?.kind === Kind.VARIABLE ? variables[value.name.value] : undefined
  if (Array.isArray(variable)) return variable.length
  return typeof variable === 'number' ? variable : sized.fallback
}

function nothing(): Sum {
  return { depth: 0, aliases: 0, cost: 0, lists: new Map() }
}

function add(sum: Sum, other: Sum): void {
  sum.depth = Math.max(sum.depth, other.depth)
  sum.aliases += other.aliases
  sum.cost += other.cost
  for (const [field, { costOfItem, times }] of other.lists) {
    const known = sum.lists.get(field)
    if (known) known.times += times
    else sum.lists.set(field, { costOfItem, times })
  }
}
