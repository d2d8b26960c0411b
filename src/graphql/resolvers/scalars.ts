import { GraphQLScalarType } from 'graphql'
import { DateTimeISOResolver, JSONResolver } from 'graphql-scalars'
import type { Resolvers } from '../generated/resolvers.ts'

export const scalarResolvers: Resolvers = {
  JSON: JSONResolver,
  // graphql-scalars calls the one that is written as ISO 8601 text by another name.
  DateTime: new GraphQLScalarType({ ...DateTimeISOResolver.toConfig(), name: 'DateTime' }),
}
