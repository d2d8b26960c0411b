/**
 * Patterns of identifiers, as grants name them. An identifier is read as segments with `:` between, `room:lobby:7`.
 *
 * | pattern | matches |
 * | --- | --- |
 * | `alice`, `room:lobby` | that identifier and no other |
 * | `room:*` | `room:` and one more segment that is not empty: `room:lobby`, not `room:`, `room` or `room:lobby:7` |
 * | `*:inbox` | `alice:inbox` |
 * | `room:**` | `room:` and whatever follows, one segment at least: `room:lobby`, `room:lobby:7`, `room:` |
 * | `**` | everything, and everyone |
 *
 * `*` and `**` stand for whole segments, `**` at the end only; a pattern with a star elsewhere is none. So a match looks at
 * each segment once, whatever a token says.
 */
export interface Patterns {
  /** Whether one of the patterns matches the identifier. */
  covers(identifier: string): boolean
  /** `**` is among them. */
  readonly all: boolean
}

const ANY = '*'
const REST = '**'

/** Why a text is no pattern; null when it is one. */
export function patternProblem(pattern: string): string | null {
  if (pattern === '') return 'is empty'
  const segments = pattern.split(':')
  for (const [index, segment] of segments.entries()) {
    if (segment === REST && index < segments.length - 1) return 'has ** before its end'
    if (segment.includes('*') && segment !== ANY && segment !== REST) {
      return 'has a star beside other characters; * stands for a whole segment'
    }
  }
  return null
}

/** Takes patterns that have no problem. */
export function compilePatterns(patterns: readonly string[]): Patterns {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const wild = patterns.filter((pattern) => !exact.has(pattern)).map((pattern) => pattern.split(':'))
  const all = patterns.includes(REST)
  return {
    all,
    covers(identifier) {
      if (all || exact.has(identifier)) return true
      if (wild.length === 0) return false
      const segments = identifier.split(':')
      return wild.some((pattern) => matches(pattern, segments))
    },
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  const rest = pattern.at(-1) === REST
  const fixed = rest ? pattern.length - 1 : pattern.length
  if (rest ? segments.length <= fixed : segments.length !== fixed) return false
  for (let index = 0; index < fixed; index++) {
    const segment = segments[index]
    if (pattern[index] === ANY ? segment === '' : segment !== pattern[index]) return false
  }
  return true
}
