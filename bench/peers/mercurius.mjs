// Fastify + Mercurius with its Redis emitter, as its documentation shows.
// https://mercurius.dev/#/docs/subscriptions
import Fastify from 'fastify'
import mercurius from 'mercurius'
import redis from 'mqemitter-redis'
import { resolversOf, typeDefs } from './graphql-schema.mjs'
import { ready } from './listen.mjs'

const { hostname, port } = new URL(process.env.REDIS_URL)
const emitter = redis({ host: hostname, port: Number(port) })
const app = Fastify()
app.register(mercurius, {
  schema: typeDefs,
  resolvers: resolversOf(
    (topic, event, { pubsub }) => pubsub.publish({ topic, payload: event }),
    (topics, { pubsub }) => pubsub.subscribe(topics),
  ),
  subscription: { emitter },
})
await app.listen({ port: 0, host: '127.0.0.1' })
ready(app.server.address().port)
