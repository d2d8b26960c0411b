// graphql-yoga + graphql-ws + graphql-redis-subscriptions, each as its documentation shows.
// https://the-guild.dev/graphql/yoga-server/docs/features/subscriptions#graphql-over-websocket-protocol-via-graphql-ws
import { createServer } from 'node:http'
import { RedisPubSub } from 'graphql-redis-subscriptions'
import { useServer } from 'graphql-ws/use/ws'
import { createSchema, createYoga } from 'graphql-yoga'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { resolversOf, typeDefs } from './graphql-schema.mjs'
import { listen } from './listen.mjs'

const pubsub = new RedisPubSub({
  publisher: new Redis(process.env.REDIS_URL),
  subscriber: new Redis(process.env.REDIS_URL),
})
const resolvers = resolversOf(
  (topic, event) => pubsub.publish(topic, event),
  (topics) => pubsub.asyncIterableIterator(topics),
)
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  graphiql: { subscriptionsProtocol: 'WS' },
})
const server = createServer(yoga)
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint })
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      })
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length > 0 ? errors : args
    },
  },
  sockets,
)
listen(server)
