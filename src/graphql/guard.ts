import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql'
import { assertCurrent, type Principal } from '../access/principal.ts'
import type { Context } from './context.ts'
import { RULES, type Rule } from './rules.ts'

type RootType = keyof typeof RULES

/**
 * Puts the rule of each root field before its resolver, whatever transport an operation comes through. Throws for a
 * field that has no rule: nothing is served that nobody has thought about.
 */
export function guardSchema(schema: GraphQLSchema): GraphQLSchema {
  for (const type of ['Query', 'Mutation', 'Subscription'] as const) {
    const fields = schema.getRootType(ROOTS[type])?.getFields() ?? {}
    for (const [name, field] of Object.entries(fields)) {
      const rule = ruleOf(type, name)
      if (type === 'Subscription') field.subscribe = guarded(rule, field.subscribe, true)
      else field.resolve = guarded(rule, field.resolve, false)
    }
  }
  return schema
}

const ROOTS = {
  Query: OperationTypeNode.QUERY,
  Mutation: OperationTypeNode.MUTATION,
  Subscription: OperationTypeNode.SUBSCRIPTION,
}

/** The rule of a root field. Throws where there is none. */
export function ruleOf(type: RootType, field: string): Rule {
  const rules: Readonly<Record<string, Rule>> = RULES[type]
  const rule = Object.hasOwn(rules, field) ? rules[field] : undefined
  if (!rule) throw new Error(`${type}.${field} has no rule that says who may have it (graphql/rules.ts)`)
  return rule
}

/**
 * Throws, or rejects, where whoever asks may not have this. Where it is a subscription on a session, the rule is asked
 * again when the session's token is renewed. A renewal meanwhile: (a) it comes before the check, which then sees the new
 * token; (b) it comes after, and finds the subscription among those that it asks about. The check and the note of it are one
 * turn; a rule that waits for the store is noted before it waits, and asked on the token of that moment.
 */
export function authorise(
  rule: Rule,
  args: object,
  { services, origin }: Context,
  lasting: boolean,
): void | Promise<void> {
  const check = (principal: Principal) => {
    assertCurrent(principal)
    return rule(principal, args as never, services)
  }
  const { operationId, access, principal } = origin
  const checked = check(principal)
  if (lasting && operationId !== null) access?.guard(operationId, check)
  return checked
}

type Resolve = GraphQLFieldResolver<unknown, Context>

function guarded(rule: Rule, resolve: Resolve = defaultFieldResolver, lasting: boolean): Resolve {
  return (root, args: object, context, info) => {
    const checked = authorise(rule, args, context, lasting)
    return checked
      ? checked.then(() => resolve(root, args, context, info))
      : resolve(root, args, context, info)
  }
}
