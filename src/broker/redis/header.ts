import type { NewPush, PushHeader, Trigger } from '../broker.ts'

type Known = Pick<PushHeader, 'id' | 'from' | 'trigger' | 'traceparent'>

/** What the scripts add: they are numbers, or null. */
type Added = readonly (number | null)[]

/**
 * `["id","from","trigger"` or, of a traced push, `["id","from","trigger","traceparent"`: without the closing bracket, since
 * the scripts go on with what only they know.
 */
export function headerOf({ id, from, trigger, traceparent }: NewPush): string {
  const traced = traceparent === null ? '' : `,"${traceparent}"`
  return `[${JSON.stringify(id)},${from === null ? 'null' : JSON.stringify(from)},"${trigger}"${traced}`
}

/** Reads a header with its closing bracket. */
export function parseHeader(text: string): { known: Known; added: Added } {
  const [id, from, trigger, ...rest] = JSON.parse(text) as [
    string,
    string | null,
    Trigger,
    ...(string | number | null)[],
  ]
  const traced = typeof rest[0] === 'string'
  const traceparent = traced ? (rest[0] as string) : null
  return { known: { id, from, trigger, traceparent }, added: (traced ? rest.slice(1) : rest) as Added }
}
