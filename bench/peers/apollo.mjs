// Apollo Server 5 on Express + graphql-ws + graphql-redis-subscriptions, as Apollo's documentation shows.
// https://www.apollographql.com/docs/apollo-server/data/subscriptions
import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer'
import { expressMiddleware } from '@as-integrations/express5'
import { makeExecutableSchema } from '@graphql-tools/schema'
import express from 'express'
import { RedisPubSub } from 'graphql-redis-subscriptions'
import { useServer } from 'graphql-ws/use/ws'
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
const schema = makeExecutableSchema({ typeDefs, resolvers })
const app = express()
const server = createServer(app)
const sockets = new WebSocketServer({ server, path: '/graphql' })
const cleanup = useServer({ schema }, sockets)
const apollo = new ApolloServer({
  schema,
  plugins: [
    ApolloServerPluginDrainHttpServer({ httpServer: server }),
    { serverWillStart: async () => ({ drainServer: () => cleanup.dispose() }) },
  ],
})
await apollo.start()
app.use('/graphql', express.json(), expressMiddleware(apollo))
listen(server)
