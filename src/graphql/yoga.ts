import { useEngine } from '@envelop/core'
import { execute, subscribe } from 'graphql'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { Expiries } from '../access/expiries.ts'
import { NOBODY } from '../access/principal.ts'
import { hasAuthentication } from '../config.ts'
import type { Context, Services } from './context.ts'
import { httpOrigin, type OperationOrigin } from './context.ts'
import { useDelivery } from './plugins/delivery.ts'
import { useDocumentCache } from './plugins/document-cache.ts'
import { toPublicError, usePublicErrors } from './plugins/errors.ts'
import { useExpiry } from './plugins/expiry.ts'
import { useQueryLimits } from './plugins/query-limits.ts'
import { useRequestErrors } from './plugins/request-errors.ts'
import { useTrustedDocuments } from './plugins/trusted-documents.ts'
import { createSchema } from './schema.ts'
import type { TrustedDocuments } from './trusted-documents.ts'
import type { ValidDocuments } from './valid-documents.ts'

/** What a transport gives with each operation. */
export interface ServerContext {
  readonly origin?: OperationOrigin
}

export type Yoga = YogaServerInstance<ServerContext, Context>

/** Where everything GraphQL is served: HTTP, SSE, WebSocket and GraphiQL. */
export const GRAPHQL_PATH = '/graphql'

/** The largest request that is read at all: far above the payload limit, so that this one gets its own clear error. */
export const MAX_REQUEST_BYTES = 4_194_304 // 4 MiB

const WELCOME = `# Cloudpush. Subscribe here, push from another tab:
subscription Listen {
  messages(identifiers: ["alice"]) { id payload pushedAt }
}

mutation Push {
  push(input: { to: ["alice"], payload: { text: "hi" } }) { id offline }
}
`

/** GraphQL with every plug-in, for all transports: GET and SSE by Yoga itself, the others by `OperationRunner`. */
export function createGraphQL(
  services: Services,
  expiries: Expiries,
  trusted: TrustedDocuments,
  valid: ValidDocuments,
): Yoga {
  const { log, config } = services
  return createYoga<ServerContext, Context>({
    schema: createSchema(),
    graphqlEndpoint: GRAPHQL_PATH,
    landingPage: false,
    // Pages of other origins than those allowed do not come as far as here.
    cors: { origin: '*', credentials: false },
    multipart: false,
    // Ours keeps less.
    parserAndValidationCache: false,
    maxRequestBodySize: MAX_REQUEST_BYTES,
    context: ({ origin }) => ({ services, origin: origin ?? httpOrigin(null, NOBODY) }),
    maskedErrors: { maskError: (error) => toPublicError(error, log) },
    logging: {
      debug: () => {},
      info: (...args) => log.info(args),
      warn: (...args) => log.warn(args),
      // What was masked is logged where it is masked, with its cause.
      error: () => {},
    },
    graphiql: config.disableGraphiql
      ? false
      : {
          title: 'Cloudpush',
          // Its WebSocket says nothing of the headers that are written beside the query; its event stream has them.
          subscriptionsProtocol: hasAuthentication(config) ? 'SSE' : 'WS',
          defaultQuery: WELCOME,
          // A token is a header: kept in the browser, it would outlive who wrote it.
          shouldPersistHeaders: false,
        },
    renderGraphiQL: async (options) => {
      // 9 MB of page, self-contained: loaded when somebody opens it.
      const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
      return renderGraphiQL(options)
    },
    plugins: [
      // Yoga's own executor can stream and be cancelled, which nothing here asks for; a push costs it an eighth more.
      useEngine({ execute, subscribe }),
      useRequestErrors(),
      useDocumentCache(valid),
      useTrustedDocuments(trusted),
      usePublicErrors(log),
      useQueryLimits(config),
      useDelivery(),
      useExpiry(expiries),
    ],
  })
}
