import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Arrival, NewPush, Published } from '../broker/broker.ts'
import type { Passage } from '../delivery/passages.ts'
import type { ErrorCode } from '../errors.ts'
import type { Log } from './log.ts'
import { parseTraceparent, toTraceparent } from './trace-context.ts'
import type { PushTrace, Tracing, TracingOptions } from './tracing.ts'

/** A receiver that is away holds up the end of the process for so long at most. */
const EXPORT_TIMEOUT_MS = 3_000 // 3 seconds

/**
 * The way of a push as spans of OpenTelemetry, over as many replicas as it takes:
 *
 *     push             where it was accepted: checks, the store's answer
 *     └─ store         one script in the store, which also finds the holders and publishes to them
 *        └─ route      at each replica that holds a recipient: from its channel to the queues of its sessions
 *           └─ write   until the last of these sockets was written to
 *
 * Attributes by the semantic conventions for messaging and GraphQL:
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export class OpenTelemetryTracing implements Tracing {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #store: string

  constructor(options: TracingOptions & { readonly tracesUrl: string }) {
    const { tracesUrl, tracesSample, replicaId, version, log } = options
    const exporter = new OTLPTraceExporter({ url: tracesUrl, timeoutMillis: EXPORT_TIMEOUT_MS })
    this.#store = options.store
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': 'cloudpush',
        'service.version': version,
        'service.instance.id': replicaId,
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(tracesSample) }),
      spanProcessors: [new BatchSpanProcessor({ exporter: toldOf(exporter, tracesUrl, log) })],
    })
    this.#tracer = this.#provider.getTracer('cloudpush', version)
  }

  push({ traceparent }: { readonly traceparent: string | null }): PushTrace | null {
    const attributes = { 'graphql.operation.type': 'mutation', 'messaging.system': 'cloudpush' }
    const span = this.#begin('push', SpanKind.SERVER, traceparent, attributes)
    return span.isRecording() ? new Accepting(span, this.#tracer, this.#store) : null
  }

  arrived({ push, entries }: Arrival): Passage | null {
    const span = this.#begin('route', SpanKind.CONSUMER, push.traceparent, {
      ...messageAttributes('route', push.id, entries.length),
      'messaging.operation.type': 'process',
    })
    return span.isRecording() ? new Passing(span, this.#tracer, push.id) : null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What could not be told then was said in the log.
    await this.#provider.shutdown().catch(() => {})
  }

  #begin(name: string, kind: SpanKind, traceparent: string | null, attributes: Attributes): Span {
    const parent = parseTraceparent(traceparent)
    const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
    return this.#tracer.startSpan(name, { kind, attributes }, context)
  }
}

class Accepting implements PushTrace {
  readonly #push: Span
  readonly #tracer: Tracer
  readonly #system: string
  #store: Span | null = null

  constructor(push: Span, tracer: Tracer, system: string) {
    this.#push = push
    this.#tracer = tracer
    this.#system = system
  }

  storing(push: NewPush): NewPush {
    const bytes = { 'messaging.message.body.size': Buffer.byteLength(push.payload) }
    this.#push.setAttributes({ ...messageAttributes('push', push.id, push.to.length), ...bytes })
    const attributes = {
      ...messageAttributes('store', push.id, push.to.length),
      ...{ 'messaging.operation.type': 'send', 'db.system.name': this.#system },
    }
    this.#store = child(this.#tracer, this.#push, 'store', { kind: SpanKind.PRODUCER, attributes })
    return { ...push, traceparent: toTraceparent(this.#store.spanContext()) }
  }

  stored({ offline, duplicate }: Published): void {
    this.#store?.setAttributes({ 'cloudpush.offline': offline.length, 'cloudpush.duplicate': duplicate })
    this.#store?.end()
    this.#store = null
  }

  failed(code: ErrorCode): void {
    for (const span of [this.#store, this.#push]) {
      span?.setAttribute('error.type', code)
      span?.setStatus({ code: SpanStatusCode.ERROR })
    }
  }

  end(): void {
    this.#store?.end()
    this.#push.end()
  }
}

class Passing implements Passage {
  readonly #route: Span
  readonly #tracer: Tracer
  readonly #pushId: string
  #write: Span | null = null

  constructor(route: Span, tracer: Tracer, pushId: string) {
    this.#route = route
    this.#tracer = tracer
    this.#pushId = pushId
  }

  routed(messages: number, sockets: number): void {
    this.#route.setAttribute('cloudpush.messages', messages)
    if (sockets > 0) {
      const attributes = {
        ...messageAttributes('write', this.#pushId, messages),
        'cloudpush.sessions': sockets,
      }
      this.#write = child(this.#tracer, this.#route, 'write', { kind: SpanKind.PRODUCER, attributes })
    }
    this.#route.end()
  }

  written(): void {
    this.#write?.end()
  }
}

function child(
  tracer: Tracer,
  parent: Span,
  name: string,
  options: { kind: SpanKind; attributes: Attributes },
): Span {
  return tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, parent))
}

function messageAttributes(operation: string, pushId: string, messages: number): Attributes {
  return {
    'messaging.system': 'cloudpush',
    'messaging.operation.name': operation,
    'messaging.message.id': pushId,
    'messaging.batch.message_count': messages,
  }
}

/** Says in the log when traces cannot be told any more, and when they can again; each once. */
function toldOf(exporter: SpanExporter, url: string, log: Log): SpanExporter {
  let failing = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined
        if (failed && !failing)
          log.warn({ err: result.error }, `traces cannot be told to ${url}; they are dropped`)
        if (!failed && failing) log.info(`traces are told to ${url} again`)
        failing = failed
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
