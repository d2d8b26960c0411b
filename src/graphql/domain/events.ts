import { Repeater, SlidingBuffer } from 'graphql-yoga'
import type { Unwatch } from '../../broker/broker.ts'

/** Events that wait for a slow subscriber: past it the oldest are dropped, since each carries the whole state. */
const MAX_WAITING_EVENTS = 256

/** How the events of the subscription field `F` look to GraphQL. */
export type Events<F extends string, T> = AsyncIterable<Record<F, T>>

/**
 * An event stream for the subscription field `field`: `watch` is given a function that sends an event, and answers how
 * to stop. Where reading an event's value fails, the stream ends with that error.
 */
export function eventStream<F extends string, T>(
  field: F,
  watch: (send: (value: T | Promise<T>) => void) => Promise<Unwatch>,
): Events<F, T> {
  return new Repeater<Record<F, T>>(async (push, stop) => {
    const send = (value: T | Promise<T>) => {
      Promise.resolve(value).then((event) => push({ [field]: event } as Record<F, T>), stop)
    }
    const unwatch = await watch(send)
    await stop
    await unwatch()
  }, new SlidingBuffer(MAX_WAITING_EVENTS))
}
