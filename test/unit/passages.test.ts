import { expect, test } from 'vitest'
import { Passages } from '../../src/delivery/passages.ts'
import type { Session } from '../../src/delivery/session.ts'

const [one, other] = [{}, {}] as [Session, Session]

function traced() {
  const told: string[] = []
  const passages = new Passages()
  const route = passages.begin({
    routed: (messages, sockets) => void told.push(`${messages} for ${sockets}`),
    written: () => void told.push('written'),
  })
  return { told, passages, route }
}

test('it is written when the last socket is; two messages for one session are one socket', () => {
  const { told, passages, route } = traced()
  for (const session of [one, other, one]) route.queued(session, true)
  route.routed()
  passages.left(other)
  expect(told).toEqual(['3 for 2'])
  passages.left(one)
  passages.left(one)
  expect(told).toEqual(['3 for 2', 'written'])
  expect(passages.some).toBe(false)
})

test('a socket that is written to while others are still being queued for is not the last one', () => {
  const { told, passages, route } = traced()
  route.queued(one, true)
  passages.left(one)
  route.queued(other, true)
  route.routed()
  expect(told).toEqual(['2 for 2'])
  passages.left(other)
  expect(told).toEqual(['2 for 2', 'written'])
})

test('of one that nobody waits for, or whose sockets tell nothing, nothing is kept', () => {
  for (const awaited of [null, false]) {
    const { told, passages, route } = traced()
    if (awaited !== null) route.queued(one, awaited)
    route.routed()
    expect(told).toEqual([`${awaited === null ? 0 : 1} for 0`, 'written'])
    expect(passages.some).toBe(false)
  }
})

test('two pushes that wait for one socket are written together', () => {
  const { told, passages, route } = traced()
  const later: string[] = []
  const second = passages.begin({ routed() {}, written: () => void later.push('written') })
  for (const each of [route, second]) {
    each.queued(one, true)
    each.routed()
  }
  passages.left(one)
  expect([told.at(-1), later]).toEqual(['written', ['written']])
})
