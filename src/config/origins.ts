/**
 * Reads a list of origins with commas between, as browsers say them (RFC 6454 §7: scheme, host and port where it is not the
 * scheme's own). `'*'` is all of them; null where one of them is none.
 */
export function parseOrigins(text: string): '*' | ReadonlySet<string> | null {
  if (text.trim() === '*') return '*'
  const origins = text.split(',').map((each) => each.trim())
  const right = origins.every((each) => URL.canParse(each) && new URL(each).origin === each)
  return right ? new Set(origins) : null
}
