import { isAsyncIterable } from '@envelop/core'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { badUserInput } from '../../errors.ts'

/** A subscription has more than one result: over HTTP it needs an event stream. */
export const NEEDS_STREAM = badUserInput(
  'A subscription needs a stream: accept text/event-stream, or use a WebSocket.',
)

/** What is wrong with a request rather than with its operation is said to the client, and leaves nothing behind. */
export function useRequestErrors(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          // `variables` and `extensions` of a GET.
          if (!(error instanceof SyntaxError)) throw error
          const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } }
          throw new GraphQLError(`The request is no JSON: ${error.message}`, { extensions })
        }
      })
    },

    // Runs after Yoga has looked for one that the client accepts.
    async onResultProcess({ result, resultProcessor, setResultProcessor }) {
      if (resultProcessor || !isAsyncIterable(result)) return
      // It has begun, and nobody is going to read it.
      await result[Symbol.asyncIterator]().return?.()
      setResultProcessor((_result, { Response }) => {
        const { message, code } = NEEDS_STREAM
        const body = JSON.stringify({ errors: [{ message, extensions: { code } }] })
        const headers = { 'content-type': 'application/json; charset=utf-8', accept: 'text/event-stream' }
        return new Response(body, { status: 406, headers })
      }, 'application/json')
    },
  }
}
