import { expect, test } from 'vitest'
import type { Session } from '../../src/delivery/session.ts'
import { brokerUnavailable } from '../../src/errors.ts'
import { ECS_VERSION } from '../../src/observability/ecs.ts'
import { EventLog } from '../../src/observability/event-log.ts'
import { createEcsLog, type LogLevel } from '../../src/observability/log.ts'
import * as published from '../support/ecs.ts'

type Line = Readonly<Record<string, unknown>>

function captured(level: LogLevel = 'debug') {
  const lines: Line[] = []
  const log = createEcsLog(level, { write: (text) => void lines.push(JSON.parse(text) as Line) })
  return { log, lines }
}

test('lines name the version of ECS that they are checked against', () => {
  expect(ECS_VERSION).toBe(published.ECS_VERSION)
})

test('a line of a child says whose it is, at which level, and what; all in fields of ECS', () => {
  const { log, lines } = captured()
  log
    .child({ 'service.node.name': 'r-1', 'service.version': '1.2.3' })
    .warn({ redis: 'localhost:6379', reason: 'x' }, 'hi')
  const [line = {}] = lines
  expect(published.ecsProblems(line)).toEqual([])
  expect(line).toMatchObject({
    ...{ 'log.level': 'warn', message: 'hi', 'service.name': 'cloudpush', 'service.node.name': 'r-1' },
    ...{ 'service.version': '1.2.3', 'server.address': 'localhost:6379', 'event.reason': 'x' },
  })
})

test('an error is told with its code, type, stack and causes', () => {
  const { log, lines } = captured()
  log.error({ err: brokerUnavailable('not there', {}, new Error('socket hang up')) }, 'push failed')
  log.error({ err: 'no error at all' }, 'odd')
  expect(lines.flatMap(published.ecsProblems)).toEqual([])
  expect(lines[0]).toMatchObject({
    ...{ 'error.type': 'CloudpushError', 'error.message': 'not there', 'error.code': 'BROKER_UNAVAILABLE' },
    'error.stack_trace': expect.stringMatching(/not there[\s\S]*Caused by: Error: socket hang up/),
  })
  expect(lines[1]).toMatchObject({ 'error.message': 'no error at all' })
})

test('what ECS has no name for is under cloudpush., and what is not known is left out', () => {
  const { log, lines } = captured()
  log.info({ waitMs: 5, question: 'sessions', subject: null, remoteAddress: 'not an address' }, 'x')
  expect(published.ecsProblems(lines[0] as Line)).toEqual([])
  expect(lines[0]).toMatchObject({ 'cloudpush.wait_ms': 5, 'cloudpush.question': 'sessions' })
  expect(lines[0]).toMatchObject({ 'client.address': 'not an address' })
  expect(Object.keys(lines[0] as Line)).not.toEqual(expect.arrayContaining(['client.ip']))
  expect(Object.keys(lines[0] as Line)).not.toEqual(expect.arrayContaining(['user.id']))
})

test.each<[string, Line]>([
  ['a name that ECS does not have', { 'event.lenght': 1 }],
  ['a text where a number belongs', { 'event.duration': '5' }],
  ['a fraction where a whole number belongs', { 'event.duration': 0.5 }],
  ['a category that is none', { 'event.category': ['sessions'] }],
  [
    'a type that does not go with its category',
    { 'event.category': ['session'], 'event.type': ['creation'] },
  ],
  ['no list where one belongs', { 'event.category': 'session' }],
])('the check finds %s', (_what, more) => {
  const { log, lines } = captured()
  log.info({ ...more }, 'x')
  expect(published.ecsProblems(lines[0] as Line)).toHaveLength(1)
})

const session = {
  id: 's-1',
  details: {
    ...{ id: 's-1', subject: 'alice', clientKey: null, relayId: null, connectedAt: Date.now() - 1_500 },
    ...{ remoteAddress: '::ffff:127.0.0.1', userAgent: 'test' },
  },
} as unknown as Session

test('sessions are told with length and reason, in nanoseconds as ECS has it', () => {
  const { log, lines } = captured()
  const events = new EventLog(log, 0)
  events.opened(session)
  events.closed(session, { code: 1012, reason: 'Restart' })
  expect(lines.flatMap(published.ecsProblems)).toEqual([])
  expect(lines).toMatchObject([
    { 'event.action': 'session-opened', 'client.ip': '::ffff:127.0.0.1', 'user_agent.original': 'test' },
    {
      'event.action': 'session-closed',
      'event.reason': 'Restart',
      'cloudpush.close_code': 1012,
      'user.id': 'alice',
    },
  ])
  expect(lines[1]?.['event.duration']).toBeGreaterThanOrEqual(1.5e9)
  expect(lines[1]?.['event.duration']).toBeLessThan(60e9)
})

test('a sample is of pushes, the same ones everywhere, and about as many as asked for', () => {
  const ids = Array.from({ length: 20_000 }, (_, n) => `push-${n}`)
  const [one, other] = [new EventLog(captured().log, 0.1), new EventLog(captured().log, 0.1)]
  const chosen = ids.filter((id) => one.wants(id))
  expect(chosen).toEqual(ids.filter((id) => other.wants(id)))
  expect(chosen.length).toBeGreaterThan(1_700)
  expect(chosen.length).toBeLessThan(2_300)
  expect(ids.every((id) => new EventLog(captured().log, 1).wants(id))).toBe(true)
  expect(ids.some((id) => new EventLog(captured().log, 0).wants(id))).toBe(false)
  expect(ids.some((id) => new EventLog(captured('warn').log, 1).wants(id))).toBe(false)
})

test('of a push to thousands, some deliveries are told and not all of them', () => {
  const { log, lines } = captured()
  const events = new EventLog(log, 1)
  for (let n = 0; n < 1_000; n++) {
    events.delivered({ pushId: 'p', session, identifier: 'room', latencyMs: 12 })
  }
  expect(lines.length).toBeGreaterThanOrEqual(100)
  // A second may end amid the loop.
  expect(lines.length).toBeLessThanOrEqual(200)
  expect(lines.flatMap(published.ecsProblems)).toEqual([])
  expect(lines[0]).toMatchObject({
    'cloudpush.push.id': 'p',
    'event.duration': 12e6,
    'cloudpush.identifier': 'room',
  })
})
