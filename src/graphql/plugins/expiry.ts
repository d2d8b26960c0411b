import type { Plugin } from '@envelop/core'
import { type ExecutionResult, GraphQLError } from 'graphql'
import type { Expiries, Guarded } from '../../access/expiries.ts'
import { unauthenticated } from '../../errors.ts'
import type { Context } from '../context.ts'

/**
 * A subscription over SSE has no session that would end with its token: it ends by itself, with an error that says why.
 * Over WebSocket the session is closed.
 */
export function useExpiry(expiries: Expiries): Plugin<Context> {
  return {
    onSubscribe({ args }) {
      const { origin } = args.contextValue as Context
      if (origin.session !== null) return
      const { principal } = origin
      return {
        onSubscribeResult({ result, setResult }) {
          if (Symbol.asyncIterator in result) setResult(endingStream(result, principal, expiries))
        },
      }
    },
  }
}

type Results = AsyncIterableIterator<ExecutionResult>
type Step = IteratorResult<ExecutionResult, undefined>
const DONE: Step = { done: true, value: undefined }

/** Not a race of promises: each result would leave one more waiter on the promise of the end. */
function endingStream(results: Results, principal: Guarded['principal'], expiries: Expiries): Results {
  const source = results[Symbol.asyncIterator]()
  let end: Step | null = null
  let interrupt: ((last: Step) => void) | null = null
  const guarded: Guarded = {
    principal,
    expired(reason) {
      const last: Step = { done: false, value: { errors: [expiryError(reason)] } }
      if (interrupt) interrupt(last)
      else end = last
      void source.return?.()
    },
  }
  expiries.watch(guarded)
  let over = false
  const finish = (): Step => {
    over = true
    expiries.unwatch(guarded)
    return DONE
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next(): Promise<Step> {
      if (over) return Promise.resolve(DONE)
      if (end) {
        const last = end
        finish()
        return Promise.resolve(last)
      }
      return new Promise((resolve, reject) => {
        interrupt = (last) => {
          interrupt = null
          finish()
          resolve(last)
        }
        source.next().then(
          (step) => {
            if (over) return resolve(DONE)
            interrupt = null
            resolve(step.done ? finish() : (step as Step))
          },
          (error: unknown) => {
            if (over) return resolve(DONE)
            finish()
            reject(error)
          },
        )
      })
    },
    async return(): Promise<Step> {
      const done = finish()
      await source.return?.()
      return done
    },
  }
}

function expiryError(reason: string): GraphQLError {
  return new GraphQLError(reason, {
    originalError: unauthenticated(reason),
    extensions: { code: 'UNAUTHENTICATED' },
  })
}
