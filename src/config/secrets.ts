import { readFileSync } from 'node:fs'

/** What a secret's setting says: the secret itself, or `@` and the file that has it. */
export interface SecretText {
  readonly text: string
  /** Null: it was given itself. */
  readonly file: string | null
}

/** Reads a secret. Throws what the file system does where its file cannot be read. */
export function readSecret(given: string): SecretText {
  if (!given.startsWith('@')) return { text: given.trim(), file: null }
  const file = given.slice(1)
  return { text: readFileSync(file, 'utf8').trim(), file }
}

/** Several keys stand with commas or white space between. */
export function splitKeys(text: string): string[] {
  return text.split(/[\s,]+/).filter((key) => key !== '')
}
