import type { SpanContext } from '@opentelemetry/api'

/** Of the flags: whoever began the trace records it. */
const SAMPLED = 1

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/**
 * Reads a `traceparent`; null where it is none. Of a later version than ours (00) the first four fields are read.
 * Source: W3C Trace Context, https://www.w3.org/TR/trace-context/#versioning-of-traceparent
 */
export function parseTraceparent(text: string | null): SpanContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (text?.startsWith('00-') && text.length > 55) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED, isRemote: true }
}

export function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
