import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RateLimiter } from '../../src/rate-limiter.ts'

test('as many as the rate come at once, and then one per interval', () => {
  const limiter = new RateLimiter()
  for (let taken = 0; taken < 5; taken++) expect(limiter.take('a', 5, 0)).toBe(0)
  expect(limiter.take('a', 5, 0)).toBe(200)
  expect(limiter.take('a', 5, 150)).toBe(50)
  expect(limiter.take('a', 5, 200)).toBe(0)
  expect(limiter.take('a', 5, 200)).toBe(200)
  // Another key is not concerned.
  expect(limiter.take('b', 5, 200)).toBe(0)
})

test('a rate of 0 limits nothing and remembers nobody', () => {
  const limiter = new RateLimiter()
  for (let taken = 0; taken < 10_000; taken++) expect(limiter.take(`key ${taken}`, 0, 0)).toBe(0)
  expect(limiter.size).toBe(0)
})

test('in any stretch of time no key takes more than the rate allows with one burst, and who waits as told is served', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.nat(300), { minLength: 1, maxLength: 300 }),
      (rate, pauses) => {
        const limiter = new RateLimiter()
        const taken: number[] = []
        let now = 0
        for (const pause of pauses) {
          now += pause
          const wait = limiter.take('a', rate, now)
          if (wait === 0) taken.push(now)
          else {
            now += wait
            expect(limiter.take('a', rate, now)).toBe(0)
            taken.push(now)
          }
        }
        for (const [index, since] of taken.entries()) {
          taken.slice(index).forEach((until, more) => {
            expect(more + 1).toBeLessThanOrEqual(rate + (rate * (until - since)) / 1_000 + 1e-6)
          })
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('a rate that is changed holds at once', () => {
  const limiter = new RateLimiter()
  for (let taken = 0; taken < 100; taken++) limiter.take('a', 100, 0)
  expect(limiter.take('a', 100, 0)).toBe(10)
  expect(limiter.take('a', 1, 500)).toBeGreaterThan(0)
  expect(limiter.take('a', 0, 500)).toBe(0)
})

test('keys that rest are forgotten, however many there were', () => {
  const limiter = new RateLimiter()
  for (let key = 0; key < 100_000; key++) limiter.take(`key ${key}`, 10, key)
  expect(limiter.size).toBeLessThan(5_000)
})
