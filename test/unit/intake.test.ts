import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Intake } from '../../src/server/intake.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function source() {
  return { busy: false, connection: { pause: vi.fn<() => void>(), resume: vi.fn<() => void>() } }
}

test('past so many messages in a second nothing is read until the next one', () => {
  const client = source()
  const intake = new Intake(client)
  for (let count = 0; count < 9; count++) intake.take(Date.now(), 10)
  expect(client.connection.pause).not.toHaveBeenCalled()
  intake.take(Date.now(), 10)
  // What had been read with it before it was paused.
  intake.take(Date.now(), 10)
  expect(client.connection.pause).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(900)
  expect(client.connection.resume).not.toHaveBeenCalled()
  vi.advanceTimersByTime(200)
  expect(client.connection.resume).toHaveBeenCalledOnce()
  intake.take(Date.now(), 10)
  expect(client.connection.pause).toHaveBeenCalledOnce()
})

test('whoever does not take its answers is not read from until it does', () => {
  const client = source()
  const intake = new Intake(client)
  client.busy = true
  intake.take(Date.now(), 0)
  expect(client.connection.pause).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(10_000)
  expect(client.connection.resume).not.toHaveBeenCalled()
  client.busy = false
  vi.advanceTimersByTime(100)
  expect(client.connection.resume).toHaveBeenCalledOnce()
})

test('at the end nothing goes on, and without a limit nobody is paused', () => {
  const client = source()
  const intake = new Intake(client)
  for (let count = 0; count < 100_000; count++) intake.take(Date.now(), 0)
  expect(client.connection.pause).not.toHaveBeenCalled()
  client.busy = true
  intake.take(Date.now(), 0)
  intake.end()
  expect(vi.getTimerCount()).toBe(0)
})
