import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addBuckets,
  BUCKETS,
  bucketOf,
  bucketStart,
  Distribution,
  percentileOf,
} from '../../src/distribution.ts'

const value = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))

test('every value lies in its bucket, which is at most an eighth as wide as where it begins', () => {
  fc.assert(
    fc.property(value, (number) => {
      const bucket = bucketOf(number)
      const start = bucketStart(bucket)
      expect(start).toBeLessThanOrEqual(number)
      expect(bucketStart(bucket + 1)).toBeGreaterThan(number)
      expect(bucketStart(bucket + 1) - start).toBeLessThanOrEqual(Math.max(1, start / 8))
    }),
  )
})

test('a bucket begins where the one before it ends, up to 2³²', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) expect(bucketOf(bucketStart(bucket))).toBe(bucket)
  expect(bucketStart(BUCKETS)).toBe(2 ** 32)
})

test.each([-5, 0.4, Number.NaN])('%d counts as 0', (number) => expect(bucketOf(number)).toBe(0))

test.each([2 ** 32, 1e15, Number.POSITIVE_INFINITY])('%d counts as the largest', (number) =>
  expect(bucketOf(number)).toBe(BUCKETS - 1),
)

test('a percentile is within an eighth of the value of that rank, also of distributions that were added up', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 200 }),
      fc.array(value, { maxLength: 200 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (some, others, share) => {
        const sums = new Map<number, number>()
        for (const values of [some, others]) addBuckets(sums, countsOf(values))
        const sorted = [...some, ...others].sort((one, other) => one - other)
        const exact = sorted[Math.ceil(sorted.length * share) - 1] as number
        // Where several share a bucket they are taken to be spread evenly, so a whole width is possible.
        expect(Math.abs(percentileOf(sums, share) - exact)).toBeLessThanOrEqual(exact / 8)
      },
    ),
  )
})

test('of nothing, every percentile is 0', () => expect(percentileOf(new Map(), 0.5)).toBe(0))

test('what was counted since the last look is told once', () => {
  const distribution = new Distribution()
  const seen = new Float64Array(BUCKETS)
  for (const number of [3, 3, 700]) distribution.add(number)
  expect([...distribution.since(seen)]).toEqual([
    [3, 2],
    [bucketOf(700), 1],
  ])
  expect(distribution.since(seen).size).toBe(0)
  distribution.add(3)
  expect([...distribution.since(seen)]).toEqual([[3, 1]])
  expect([distribution.count, distribution.sum]).toEqual([4, 709])
  expect([3, 4, 1024].map((bound) => distribution.countBelow(bound))).toEqual([0, 3, 4])
})

function countsOf(values: readonly number[]) {
  const distribution = new Distribution()
  for (const number of values) distribution.add(number)
  return distribution.since(new Float64Array(BUCKETS))
}
