import { randomUUID } from 'node:crypto'
import type { Plugin as EnvelopPlugin } from '@envelop/core'
import {
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  GraphQLError,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import { badUserInput, rateLimited } from '../../errors.ts'
import type { Context } from '../context.ts'
import { checkIdentifiers } from '../domain/identifiers.ts'
import { checkCursors } from '../domain/messages.ts'
import { resumeSubjectOf } from '../durable.ts'
import { authorise, ruleOf } from '../guard.ts'
import { resultsOf } from './delivery-results.ts'

/** The root field whose results are delivered by the hub. */
const FIELD = 'messages'

/** What GraphQL is given of an operation whose results it never sees. */
const NOTHING: ExecutionResult = {}

/**
 * Takes `subscription { messages }` over from graphql-js: the operation is registered with the hub, which writes each
 * result straight to the session's socket; its origin is told so. Over SSE, where Yoga writes the results, it is an
 * iterable that yields them.
 */
export function useDelivery(): EnvelopPlugin<Context> {
  return {
    onSubscribe({ args, setSubscribeFn }) {
      const operation = getOperationAST(args.document, args.operationName)
      const field = operation && rootField(args as unknown as ExecutionArgs, operation)
      if (operation && field?.name.value === FIELD) {
        setSubscribeFn((subscribeArgs: ExecutionArgs) => subscribe(subscribeArgs, operation, field))
      }
    },
  }
}

function subscribe(args: ExecutionArgs, operation: OperationDefinitionNode, field: FieldNode) {
  const context = args.contextValue as Context
  const { services, origin } = context
  const variables = getVariableValues(
    args.schema,
    operation.variableDefinitions ?? [],
    args.variableValues ?? {},
  )
  if (variables.errors) return { errors: variables.errors } satisfies ExecutionResult
  const definition = args.schema.getSubscriptionType()?.getFields()[FIELD]
  if (!definition) throw new Error(`the schema has no subscription ${FIELD}`)
  const { identifiers, after } = argumentsOf(getArgumentValues(definition, field, variables.coerced))
  // graphql-js would have done it on its way to the field's `subscribe`.
  authorise(ruleOf('Subscription', FIELD), { identifiers }, context, true)
  const { hub, config } = services
  const distinct = checkIdentifiers(identifiers, 'identifiers')
  if (distinct.length > config.maxIdentifiersPerSubscription) {
    throw badUserInput(
      `A subscription names at most ${config.maxIdentifiersPerSubscription} identifiers; this one names ${distinct.length}.`,
      { argument: 'identifiers' },
    )
  }
  const request = {
    operation: {
      schema: args.schema,
      document: args.document,
      operationName: args.operationName ?? null,
      variableValues: (args.variableValues ?? {}) as Record<string, unknown>,
    },
    field: FIELD,
    identifiers: distinct,
    after: checkCursors(after, distinct, 'after'),
  }
  if (origin.session && origin.operationId !== null) {
    const { session, operationId, trial } = origin
    const resumeAs = resumeSubjectOf(session.details, operationId)
    const begin = (): ExecutionResult => {
      if (!origin.over) {
        origin.delivery = hub.subscribe({ ...request, session, operationId, resumeAs })
      }
      return NOTHING
    }
    if (!trial) return begin()
    const isKnown = async () =>
      resumeAs !== null &&
      services.broker.isResumable(distinct[0] as string, { subject: resumeAs, operationId })
    return trial.passes(isKnown).then((passed) => {
      if (passed && !session.closed) return begin()
      throw rateLimited('This replica takes no new sessions now; connect again.')
    })
  }
  return resultsOf(hub, origin.principal.subject, (session) =>
    hub.subscribe({ ...request, session, operationId: randomUUID(), resumeAs: null }),
  )
}

function argumentsOf(values: Record<string, unknown>): {
  identifiers: readonly string[]
  after: readonly string[]
} {
  return {
    identifiers: values['identifiers'] as readonly string[],
    after: (values['after'] as readonly string[] | null | undefined) ?? [],
  }
}

/** The operation's one root field; validation has seen to it that there is one at most. */
function rootField(args: ExecutionArgs, operation: OperationDefinitionNode): FieldNode | null {
  const fragments = new Map(
    args.document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [],
    ),
  )
  const find = (
    set: OperationDefinitionNode['selectionSet'] | undefined,
    depth: number,
  ): FieldNode | null => {
    for (const selection of set?.selections ?? []) {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) {
        throw new GraphQLError('The root field of a subscription takes neither @skip nor @include.', {
          nodes: selection,
        })
      }
      const found =
        selection.kind === Kind.FIELD
          ? selection
          : selection.kind === Kind.INLINE_FRAGMENT
            ? find(selection.selectionSet, depth + 1)
            : find(fragments.get(selection.name.value)?.selectionSet, depth + 1)
      if (found) return found
    }
    return null
  }
  return find(operation.selectionSet, 0)
}
