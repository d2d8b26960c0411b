import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePatterns, patternProblem } from '../../src/access/patterns.ts'

/** Few letters, so that things match; what could be special to an expression is among them. */
const segment = fc.constantFrom('', 'a', 'b', 'room', '.', 'a.b', '[a]', '$', '(', '\\', '\n', 'é', '{}')
const identifier = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join(':'))
const pattern = fc
  .tuple(
    fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 0, maxLength: 3 }),
    fc.constantFrom([], ['**'], ['*'], ['a']),
  )
  .map(([head, tail]) => [...head, ...tail].join(':'))
  .filter((text) => text !== '')

/** The table of patterns.ts, said as a regular expression. */
function reference(text: string): RegExp {
  const parts = text
    .split(':')
    .map((part) =>
      part === '*' ? '[^:]+' : part === '**' ? '[^]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
  return new RegExp(`^${parts.join(':')}$`)
}

test('a pattern matches what its regular expression does', () => {
  fc.assert(
    fc.property(pattern, identifier, (text, name) => {
      expect(patternProblem(text)).toBeNull()
      expect([text, name, compilePatterns([text]).covers(name)]).toEqual([
        text,
        name,
        reference(text).test(name),
      ])
    }),
    { numRuns: 5_000 },
  )
})

test('several patterns cover what one of them does, and none cover nothing', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 5 }), identifier, (texts, name) => {
      const one = texts.some((text) => compilePatterns([text]).covers(name))
      expect(compilePatterns(texts).covers(name)).toBe(one)
      expect(compilePatterns(texts).all).toBe(texts.includes('**'))
    }),
  )
})

test('the documented patterns', () => {
  const covered = (text: string, names: readonly string[]) =>
    names.filter((name) => compilePatterns([text]).covers(name))
  const names = ['alice', 'room', 'room:', 'room:lobby', 'room:lobby:7', 'alice:inbox', '*']
  expect(covered('alice', names)).toEqual(['alice'])
  expect(covered('room:*', names)).toEqual(['room:lobby'])
  expect(covered('room:**', names)).toEqual(['room:', 'room:lobby', 'room:lobby:7'])
  expect(covered('*:inbox', names)).toEqual(['alice:inbox'])
  expect(covered('**', names)).toEqual(names)
})

test('a star that is no whole segment, and ** before the end, are told', () => {
  for (const wrong of ['', 'room*', '*a', '***', 'a:**:b', 'a:b*', '**:a']) {
    expect([wrong, patternProblem(wrong)]).toEqual([wrong, expect.any(String)])
  }
})

test('an identifier of many segments is looked at once, whatever the pattern', () => {
  const name = Array.from({ length: 100_000 }, () => 'a').join(':')
  const text = `${Array.from({ length: 50_000 }, () => '*').join(':')}:**`
  expect(compilePatterns([text]).covers(name)).toBe(true)
  expect(compilePatterns([`${text.slice(0, -2)}b`]).covers(name)).toBe(false)
})
