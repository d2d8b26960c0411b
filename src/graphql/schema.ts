import { readdirSync, readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GraphQLSchema } from 'graphql'
import { guardSchema } from './guard.ts'
import { messageResolvers } from './resolvers/message.ts'
import { operationsResolvers } from './resolvers/operations.ts'
import { presenceResolvers } from './resolvers/presence.ts'
import { pushResolvers } from './resolvers/push.ts'
import { replicaResolvers } from './resolvers/replica.ts'
import { scalarResolvers } from './resolvers/scalars.ts'

/** The SDL files stand beside `src/` and `dist/`, at the top of the package. */
const SCHEMA_FOLDER = new URL('../../schema/', import.meta.url)

/** The public schema: the SDL of `schema/` with its resolvers, one file per domain in both, each root field behind its rule. */
export function createSchema(): GraphQLSchema {
  const files = readdirSync(SCHEMA_FOLDER).filter((name) => name.endsWith('.graphql'))
  const schema = makeExecutableSchema({
    typeDefs: files.sort().map((name) => readFileSync(new URL(name, SCHEMA_FOLDER), 'utf8')),
    resolvers: [
      scalarResolvers,
      messageResolvers,
      pushResolvers,
      presenceResolvers,
      replicaResolvers,
      operationsResolvers,
    ],
  })
  return guardSchema(schema)
}
