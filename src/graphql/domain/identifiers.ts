import { EVERYONE } from '../../broker/broker.ts'
import { badUserInput } from '../../errors.ts'

export const MAX_IDENTIFIER_BYTES = 256

/**
 * Checks identifiers as users give them and answers them without repeats, in the order given.
 * Throws `BAD_USER_INPUT` that names the first one that cannot be: empty, over 256 bytes of UTF-8, `*`, or not Unicode.
 */
export function checkIdentifiers(identifiers: readonly string[], argument: string): string[] {
  if (identifiers.length === 0)
    throw badUserInput(`${argument} must name at least one identifier.`, { argument })
  const distinct = [...new Set(identifiers)]
  for (const identifier of distinct) {
    const problem = problemOf(identifier)
    if (problem) throw badUserInput(`${argument}: ${problem}`, { argument })
  }
  return distinct
}

function problemOf(identifier: string): string | null {
  if (identifier === '') return 'an identifier must not be empty.'
  if (identifier === EVERYONE)
    return '"*" is reserved: every subscription holds it; push to it with everyone: true.'
  if (!identifier.isWellFormed())
    return 'an identifier must be well-formed Unicode (it has a lone surrogate).'
  const bytes = Buffer.byteLength(identifier)
  if (bytes > MAX_IDENTIFIER_BYTES) {
    return `an identifier has at most ${MAX_IDENTIFIER_BYTES} bytes of UTF-8; this one has ${bytes}.`
  }
  return null
}
