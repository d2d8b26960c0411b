import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  type ParseOptions,
  parse,
  type Source,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Config } from '../../config.ts'
import { costOf, type QueryShape, shapeOf } from '../query-cost.ts'

export type QueryLimits = Pick<
  Config,
  'maxQueryDepth' | 'maxQueryAliases' | 'maxQueryTokens' | 'maxQueryCost' | 'disableIntrospection'
>

/** Fields, spreads and directives of a document: validation compares each pair of fields that share a name. */
const MAX_WRITTEN = 1_000

/**
 * Bounds what one document may ask for, over every transport. Tokens are counted while it is parsed, depth, aliases and fields
 * before it is validated, and what it costs with its variables before it is executed.
 *
 * Parsing and validation recurse too: what is nested thousands deep overflows their stack, which V8 reports as a
 * RangeError. That is the client's doing, and said so, rather than logged as a fault of ours.
 */
export function useQueryLimits(limits: QueryLimits): Plugin {
  const shapes = new WeakMap<DocumentNode, QueryShape>()

  /** All but those with a sized list were judged when they were parsed. */
  const checkCost = ({ args, setResultAndStopExecution }: Execution) => {
    const shape = shapes.get(args.document)
    if (!shape || shape.lists.length === 0) return
    const cost = costOf(shape, args.variableValues ?? {})
    if (cost > limits.maxQueryCost) setResultAndStopExecution({ errors: [tooCostly(cost, limits)] })
  }

  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options?: ParseOptions) =>
        parse(source, { ...options, maxTokens: limits.maxQueryTokens }),
      )
      return ({ result, replaceParseResult }) => {
        if (result instanceof RangeError) return replaceParseResult(tooDeep())
        if (result instanceof Error) return replaceParseResult(withLimit(result, limits))
        if (shapes.has(result)) return
        const shape = shapeOf(result)
        const problem = problemOf(shape, limits)
        if (problem) replaceParseResult(problem)
        else shapes.set(result, shape)
      }
    },
    onValidate({ addValidationRule, validateFn, setValidationFn }) {
      if (limits.disableIntrospection) addValidationRule(NoSchemaIntrospectionCustomRule)
      const validate = validateFn as (...args: unknown[]) => readonly unknown[]
      setValidationFn((...args: unknown[]) => {
        try {
          return validate(...args)
        } catch (error) {
          if (error instanceof RangeError) return [tooDeep()]
          throw error
        }
      })
    },
    onExecute: checkCost,
    onSubscribe: checkCost,
  }
}

interface Execution {
  readonly args: ExecutionArgs
  setResultAndStopExecution(result: { errors: GraphQLError[] }): void
}

function problemOf(
  { written, depth, aliases, fixedCost }: QueryShape,
  limits: QueryLimits,
): GraphQLError | null {
  const { maxQueryDepth, maxQueryAliases, maxQueryCost } = limits
  if (written > MAX_WRITTEN) {
    return over('fields and directives', MAX_WRITTEN, null, 'Ask in several requests.')
  }
  if (depth > maxQueryDepth) return over('levels of fields', maxQueryDepth, 'max-query-depth')
  if (aliases > maxQueryAliases) {
    return over('aliases', maxQueryAliases, 'max-query-aliases', 'Ask in several requests.')
  }
  return fixedCost > maxQueryCost ? tooCostly(fixedCost, limits) : null
}

function tooCostly(cost: number, { maxQueryCost }: QueryLimits): GraphQLError {
  const message = `The operation costs ${cost}, at most ${maxQueryCost} is taken: a field costs 1, in a list once for each item. Ask for fewer items or fields.`
  return new GraphQLError(message, {
    extensions: { code: 'BAD_USER_INPUT', limit: 'max-query-cost', most: maxQueryCost },
  })
}

function withLimit(error: Error, { maxQueryTokens }: QueryLimits): Error {
  if (!/tokens\. Parsing aborted/.test(error.message)) return error
  return over('tokens', maxQueryTokens, 'max-query-tokens', 'Give long values in variables.')
}

function over(what: string, most: number, limit: string | null, advice = ''): GraphQLError {
  return new GraphQLError(`A document has at most ${most} ${what}.${advice && ` ${advice}`}`, {
    extensions: { ...(limit && { limit }), most },
  })
}

function tooDeep(): GraphQLError {
  return new GraphQLError('The document is nested too deeply; give nested values in variables.')
}
