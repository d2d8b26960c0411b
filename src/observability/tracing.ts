import type { NewPush, Published } from '../broker/broker.ts'
import type { Tracer } from '../delivery/watcher.ts'
import type { ErrorCode } from '../errors.ts'
import type { Log } from './log.ts'

/** Traces the ways of pushes: what is asked of it, without what it is made with. */
export interface Tracing extends Tracer, AsyncDisposable {
  /** A push begins, as a part of its pusher's own trace where that was named. Null: it is not recorded. */
  push(asked: { readonly traceparent: string | null }): PushTrace | null
}

/** One push where it is accepted. */
export interface PushTrace {
  /** It goes to the store; answered is the push as it is to go there, so that others can go on with the trace. */
  storing(push: NewPush): NewPush
  stored(published: Published): void
  failed(code: ErrorCode): void
  /** Once, at last. */
  end(): void
}

export interface TracingOptions {
  /** Of an OTLP receiver, HTTP, with its path: `http://localhost:4318/v1/traces`. Null: nothing is traced. */
  readonly tracesUrl: string | null
  /** Share of the pushes that are traced where the pusher has not decided it, 0 to 1. */
  readonly tracesSample: number
  readonly replicaId: string
  readonly version: string
  /** What stores: `redis` or `embedded`. */
  readonly store: string
  readonly log: Log
}

/** Null where nothing is traced: then OpenTelemetry's SDK is not even loaded. */
export async function startTracing(options: TracingOptions): Promise<Tracing | null> {
  const { tracesUrl } = options
  if (tracesUrl === null) return null
  const { OpenTelemetryTracing } = await import('./open-telemetry.ts')
  return new OpenTelemetryTracing({ ...options, tracesUrl })
}
