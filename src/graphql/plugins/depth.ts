import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/**
 * Parsing and validation recurse: a document nested tens of thousands deep overflows their stack, which V8 reports as a
 * RangeError. That is the client's doing, and said so, rather than logged as a fault of ours.
 */
export function useDepthErrors(): Plugin {
  return {
    onParse() {
      return ({ result, replaceParseResult }) => {
        if (result instanceof RangeError) replaceParseResult(tooDeep())
      }
    },
    onValidate({ validateFn, setValidationFn }) {
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
  }
}

function tooDeep(): GraphQLError {
  return new GraphQLError('The document is nested too deeply; give nested values in variables.')
}
