import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import type { Trial } from '../../src/graphql/trial.ts'
import { Admission } from '../../src/server/admission.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterAll(() => {
  vi.useRealTimers()
})

/** A door, and how many came in and were refused through it. */
function aDoor({ capacity = 1_000_000, rate = 0 } = {}) {
  const door = { sessions: 0, refused: 0 }
  const admission = new Admission({ capacity, sessions: () => door.sessions, ratePerSecond: () => rate })
  const arrive = (): Trial | 'IN' | 'OUT' => {
    const verdict = admission.arrive(() => {
      door.sessions--
      door.refused++
    })
    if (!verdict.admitted) return 'OUT'
    door.sessions++
    return verdict.trial ?? 'IN'
  }
  /** On trial, or it is not what the test thinks. */
  const arriveOnTrial = (): Trial => {
    const outcome = arrive()
    if (typeof outcome === 'string') throw new Error(`not on trial: ${outcome}`)
    return outcome
  }
  return { door, arrive, arriveOnTrial }
}

const known = async () => true
const unknown = async () => false

test('while there is room everybody comes in; past it, a tenth more on trial, and nobody after that', () => {
  const { arrive } = aDoor({ capacity: 20 })
  for (let n = 0; n < 20; n++) expect(arrive()).toBe('IN')
  for (let n = 0; n < 2; n++) expect(typeof arrive()).toBe('object')
  expect(arrive()).toBe('OUT')
})

test('on trial, who resumes stays and who does not is refused', async () => {
  const { door, arrive, arriveOnTrial } = aDoor({ capacity: 20 })
  for (let n = 0; n < 20; n++) arrive()
  expect(await arriveOnTrial().passes(known)).toBe(true)
  expect(await arriveOnTrial().passes(unknown)).toBe(false)
  expect(door).toEqual({ sessions: 21, refused: 1 })
  // There is headroom for one more that resumes, and then for none.
  expect(await arriveOnTrial().passes(known)).toBe(true)
  expect(arrive()).toBe('OUT')
})

test('one subscription that is known is enough, whichever is looked up first; a look-up that fails knows nothing', async () => {
  const { arrive, arriveOnTrial } = aDoor({ capacity: 1 })
  arrive()
  const trial = arriveOnTrial()
  let answer: (known: boolean) => void = () => {}
  const late = trial.passes(() => new Promise((resolve) => (answer = resolve)))
  const early = trial.passes(() => Promise.reject(new Error('the store is away')))
  await vi.advanceTimersByTimeAsync(10)
  answer(true)
  expect(await Promise.all([late, early])).toEqual([true, true])
})

test('who says nothing is refused in time, and its end is told once', async () => {
  const { door, arrive, arriveOnTrial } = aDoor({ capacity: 1 })
  arrive()
  const trial = arriveOnTrial()
  await vi.advanceTimersByTimeAsync(4_999)
  expect(door.refused).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(door.refused).toBe(1)
  trial.end()
  expect(await trial.passes(known)).toBe(false)
  expect(door.refused).toBe(1)
  arriveOnTrial()
})

test('the rate: its burst at once, then as many per second, whoever they are', async () => {
  const { arrive } = aDoor({ rate: 10 })
  const admitted = () => Array.from({ length: 100 }, arrive).filter((outcome) => outcome === 'IN').length
  expect(admitted()).toBe(10)
  expect(admitted()).toBe(0)
  await vi.advanceTimersByTimeAsync(500)
  expect(admitted()).toBe(5)
})

test('who resumes takes of the rate before those who are new, and is limited by it too', async () => {
  const { arrive, arriveOnTrial } = aDoor({ rate: 10 })
  for (let n = 0; n < 10; n++) expect(arrive()).toBe('IN')
  // The new find nothing; ten who resume find what is kept for them, the next ones do not.
  for (let n = 0; n < 10; n++) expect(await arriveOnTrial().passes(known)).toBe(true)
  expect(await arriveOnTrial().passes(known)).toBe(false)
  // As long as such are there, all of the rate is theirs.
  for (let second = 0; second < 5; second++) {
    await vi.advanceTimersByTimeAsync(1_000)
    for (let n = 0; n < 10; n++) expect(await arriveOnTrial().passes(known)).toBe(true)
  }
  // When they are through, the new have it again.
  await vi.advanceTimersByTimeAsync(1_500)
  expect(arrive()).toBe('IN')
})

test('trials have a rate of their own: a storm costs no more than that', () => {
  const { arrive, arriveOnTrial } = aDoor({ rate: 10 })
  for (let n = 0; n < 10; n++) arrive()
  for (let n = 0; n < 40; n++) arriveOnTrial().end()
  expect(arrive()).toBe('OUT')
})
