import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { readSecret } from './secrets.ts'

/** One setting: its flag, its variable, what it takes, and what it means. */
export interface Setting<T = unknown> {
  /** `--retention-seconds`; its variable is `CLOUDPUSH_RETENTION_SECONDS`. */
  readonly flag: string
  /** How the value is shown in `--help`; null for a switch. */
  readonly value: string | null
  readonly group: 'Where' | 'Access' | 'Keeping' | 'Sessions' | 'Limits' | 'Gateway' | 'Other'
  readonly description: string
  readonly schema: z.ZodType<T>
  readonly fallback: T
  /** Variables that others use for the same, weaker than ours. */
  readonly alsoFrom?: readonly string[]
  /** Its value is never repeated, not even where it is wrong. */
  readonly secret?: true
}

export const setting = <T>(
  group: Setting['group'],
  flag: string,
  value: string | null,
  fallback: T,
  schema: z.ZodType<T>,
  description: string,
  alsoFrom: readonly string[] = [],
): Setting<T> => ({ group, flag, value, fallback, schema, description, alsoFrom })

export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((number) => number >= least && number <= most, `must be a whole number from ${least} to ${most}`)

export const share = z
  .string()
  .regex(/^(0|1|0?\.\d+)$/, 'must be a share from 0 to 1, such as 0.01')
  .transform(Number)

export const seconds = (least = 1) => whole(least, 31_622_400)

export const url = (schemes: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    message: `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  })

/** A file, read once: what is wrong with it is told at the start. */
export const pem = z.string().transform((path, context) => {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('-----BEGIN ')) return text
    context.addIssue({ code: 'custom', message: 'must name a PEM file (-----BEGIN …)' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    context.addIssue({ code: 'custom', message: `names a file that cannot be read (${code})` })
  }
  return z.NEVER
})

/** A secret itself, or `@` and the file that has it. */
export const secret = z.string().transform((given, context) => {
  try {
    return readSecret(given)
  } catch {
    context.addIssue({ code: 'custom', message: 'names a file, after the @, that cannot be read' })
    return z.NEVER
  }
})

/** A flag without a value; as a variable, `true` or `false`. */
export const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1')
