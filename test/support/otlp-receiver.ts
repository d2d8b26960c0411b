import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

type Value = string | number | boolean

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty: it begins its trace. */
  readonly parentSpanId: string
  /** As OTLP numbers them: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  /** Nanoseconds since 1970. */
  readonly start: bigint
  readonly end: bigint
  /** 2: an error. */
  readonly status: number
  readonly attributes: Readonly<Record<string, Value>>
  /** `service.instance.id` of whoever told it. */
  readonly instance: Value | undefined
}

export interface OtlpReceiver extends AsyncDisposable {
  /** What `--traces-url` names. */
  readonly url: string
  /** In the order in which they came. */
  readonly spans: ReceivedSpan[]
  /** Requests that were not what OTLP over HTTP is. */
  readonly problems: string[]
}

interface AttributeJson {
  readonly key: string
  readonly value: Readonly<Record<string, Value>>
}

interface TracesJson {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly AttributeJson[] }
    readonly scopeSpans: readonly { readonly spans: readonly SpanJson[] }[]
  }[]
}

interface SpanJson {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number }
  readonly attributes: readonly AttributeJson[]
}

/** What stands where a collector would: OTLP over HTTP as JSON (opentelemetry.io/docs/specs/otlp/#otlphttp). */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const problems: string[] = []
  const server = createServer(async (request, response) => {
    try {
      if (request.method !== 'POST' || request.url !== '/v1/traces')
        throw new Error(`${request.method} ${request.url}`)
      spans.push(...toSpans(JSON.parse(await bodyOf(request)) as TracesJson))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    } catch (error) {
      problems.push(String(error))
      response.writeHead(400).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    problems,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return (request.headers['content-encoding'] === 'gzip' ? await promisify(gunzip)(body) : body).toString()
}

function toSpans({ resourceSpans }: TracesJson): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const instance = toRecord(resource.attributes)['service.instance.id']
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = '', kind, status, attributes, ...times }) => ({
        ...{ name, traceId, spanId, parentSpanId, kind, instance },
        start: BigInt(times.startTimeUnixNano),
        end: BigInt(times.endTimeUnixNano),
        status: status.code ?? 0,
        attributes: toRecord(attributes),
      })),
    )
  })
}

function toRecord(attributes: readonly AttributeJson[]): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as Value]))
}
