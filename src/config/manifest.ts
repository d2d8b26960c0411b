import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Trusted documents: their texts by their ids. */
export type Manifest = ReadonlyMap<string, string>

const APOLLO = 'apollo-persisted-query-manifest'

/** What `graphql-codegen` and the Relay compiler write: `{ "<id>": "<document>" }`. */
const byId = z
  .record(z.string().min(1), z.string().min(1))
  .refine(({ format }) => format !== APOLLO)
  .transform((documents) => new Map(Object.entries(documents)))

/** What `generate-persisted-query-manifest` of Apollo writes. */
const ofApollo = z
  .object({
    format: z.literal(APOLLO),
    operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
  })
  .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body])))

/** A file, read once: what is wrong with it is told at the start. */
export const manifest = z.string().transform((path, context): Manifest => {
  try {
    const parsed = z.union([ofApollo, byId]).safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (parsed.success && parsed.data.size > 0) return parsed.data
    context.addIssue({
      code: 'custom',
      message:
        'must name a manifest: { "<id>": "<document>" } as graphql-codegen and Relay write it, or Apollo’s',
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const problem = code === undefined ? 'is no JSON' : `cannot be read (${code})`
    context.addIssue({ code: 'custom', message: `names a file that ${problem}` })
  }
  return z.NEVER
})
