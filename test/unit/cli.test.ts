import { expect, test } from 'vitest'
import { gatewayUrls } from '../../src/cli/endpoint.ts'
import { describeMessage, type ListenedMessage } from '../../src/cli/listen.ts'
import { describePush, type PushResult } from '../../src/cli/push.ts'
import { type ReplicaRow, toTable } from '../../src/cli/replicas.ts'
import { banner } from '../../src/cli/start.ts'
import { CommandFailure, EXIT, type Printed, refusal, styled } from '../../src/cli/terminal.ts'
import { closest } from '../../src/config/closest.ts'
import { defaultConfig } from '../../src/config.ts'

const PIPE: Printed = { env: {}, stdout: { isTTY: false } }
const TERMINAL: Printed = { env: {}, stdout: { isTTY: true } }
const ESCAPE = '\u001b'

test('colours are for terminals, and NO_COLOR turns them off', () => {
  expect(styled({ isTTY: false }, {}, 'red', 'text')).toBe('text')
  expect(styled({ isTTY: true }, { NO_COLOR: '1' }, 'red', 'text')).toBe('text')
  expect(styled({ isTTY: true }, { NO_COLOR: '' }, 'red', 'text')).toBe(`${ESCAPE}[31mtext${ESCAPE}[39m`)
})

test('what was probably meant is the nearest by edits, and nothing where all are far', () => {
  expect(closest('lisen', ['start', 'listen', 'push'])).toBe('listen')
  expect(closest('pusj', ['start', 'listen', 'push'])).toBe('push')
  expect(closest('deploy', ['start', 'listen', 'push'])).toBe(null)
  expect(closest('x', [])).toBe(null)
})

test('the gateway is named in any of its schemes, with or without the path', () => {
  const urls = { http: 'http://h:1/graphql', ws: 'ws://h:1/graphql' }
  for (const given of ['http://h:1', 'ws://h:1/', 'http://h:1/graphql', 'ws://h:1/graphql']) {
    expect(gatewayUrls(given, {})).toEqual(urls)
  }
  expect(gatewayUrls('wss://h/api?x=1', {})).toEqual({ http: 'https://h/api?x=1', ws: 'wss://h/api?x=1' })
})

test('--url is stronger than CLOUDPUSH_URL, which is stronger than the local gateway', () => {
  const env = { CLOUDPUSH_URL: 'http://variable/graphql' }
  expect(gatewayUrls('http://flag/graphql', env).http).toBe('http://flag/graphql')
  expect(gatewayUrls(undefined, env).ws).toBe('ws://variable/graphql')
  expect(gatewayUrls(undefined, { CLOUDPUSH_URL: '' }).http).toBe('http://localhost:4000/graphql')
})

test('what is no URL of a gateway is a wrong command', () => {
  for (const given of ['', 'localhost:4000', 'ftp://h', 'h']) {
    const attempt = () => gatewayUrls(given, {})
    expect(attempt).toThrow(CommandFailure)
    expect(attempt).toThrow(expect.objectContaining({ exitCode: EXIT.usage }))
  }
})

test('an error of the gateway is its code and its message', () => {
  expect(refusal([{ message: 'No.', extensions: { code: 'FORBIDDEN' } }])).toMatchObject({
    message: 'FORBIDDEN: No.',
    exitCode: EXIT.refused,
  })
  expect(refusal([{ message: 'No.' }]).message).toBe('ERROR: No.')
})

test('a push says its id, how many it went to, and who is offline', () => {
  const result: PushResult = { id: 'p1', accepted: 2, offline: [], duplicate: false, deliverAt: null }
  const told = (change: Partial<PushResult>, everyone = false) =>
    describePush(PIPE, { ...result, ...change }, everyone)
  expect(told({})).toBe('pushed p1 to 2 identifiers')
  expect(told({ accepted: 1 })).toBe('pushed p1 to 1 identifier')
  expect(told({ offline: ['bob', 'eve'] })).toBe('pushed p1 to 2 identifiers; offline: bob, eve')
  expect(told({ accepted: 1 }, true)).toBe('pushed p1 to everyone')
  expect(told({ duplicate: true })).toBe('p1 was pushed before, to 2 identifiers')
  expect(told({ deliverAt: '2030-01-01T00:00:00.000Z' })).toBe(
    'p1 goes out at 2030-01-01T00:00:00.000Z, to 2 identifiers',
  )
})

test('a message is one line that says when, to whom, what, and what became of it on its way', () => {
  const message: ListenedMessage = {
    id: 'p1',
    identifier: 'alice',
    payload: { text: 'two\nlines' },
    cursor: 'c',
    from: null,
    pushedAt: '2030-01-02T03:04:05.678Z',
    redelivered: false,
    missed: 0,
  }
  const told = (change: Partial<ListenedMessage>) => describeMessage(PIPE, { ...message, ...change })
  const plain = '03:04:05.678 alice {"text":"two\\nlines"}'
  expect(told({})).toBe(plain)
  expect(told({ redelivered: true })).toBe(`${plain}  (again)`)
  expect(told({ missed: 1 })).toBe(`${plain}  (1 was lost before it)`)
  expect(told({ redelivered: true, missed: 7 })).toBe(`${plain}  (again; 7 were lost before it)`)
  expect(told({ missed: null })).toBe(`${plain}  (nobody knows how many were lost before it)`)
  expect(describeMessage(TERMINAL, message)).toContain(`${ESCAPE}[36malice${ESCAPE}[39m`)
})

test('replicas are a table whose columns stand under each other', () => {
  const row: ReplicaRow = {
    id: 'r-1',
    url: 'ws://10.0.0.1:4000/graphql',
    state: 'UP',
    startedAt: '2030-01-01T00:00:00.000Z',
    sessions: 12,
    subscriptions: 34,
    capacity: 20_000,
    weight: 66.666,
    health: { cpuPercent: 7.4, memoryBytes: 100 * 2 ** 20 },
  }
  const [head = '', first = '', second = '', ...rest] = toTable(PIPE, [
    row,
    { ...row, id: 'r-a-longer-one', state: 'DRAINING', sessions: 0 },
  ]).split('\n')
  expect(rest).toEqual([''])
  expect(first.split(/ {2,}/)).toEqual([
    'r-1',
    'ws://10.0.0.1:4000/graphql',
    'UP',
    '12/20000',
    '34',
    '66.7 %',
    '7 %',
    '100 MiB',
    '2030-01-01T00:00:00.000Z',
  ])
  for (const [title, inFirst, inSecond] of [
    ['URL', 'ws://', 'ws://'],
    ['STATE', 'UP', 'DRAINING'],
    ['SESSIONS', '12/20000', '0/20000'],
    ['STARTED', '2030-', '2030-'],
  ] as const) {
    expect([first.indexOf(inFirst), second.indexOf(inSecond)]).toEqual([
      head.indexOf(title),
      head.indexOf(title),
    ])
  }
})

test('the banner gives addresses that can be pasted, and no password', () => {
  const replica = { id: 'r-1', url: 'http://127.0.0.1:4000' }
  const plain = banner(PIPE, defaultConfig, replica)
  expect(plain).toContain('GraphiQL   http://localhost:4000/graphql\n')
  expect(plain).toContain('WebSocket  ws://localhost:4000/graphql\n')
  expect(plain).toContain('Metrics    http://localhost:4000/metrics\n')
  expect(plain).toContain('http://localhost:4000/healthz')
  expect(plain).toContain('embedded, in memory')
  expect(plain).toContain(`npx cloudpush listen alice\n  npx cloudpush push alice '{"text":"hi"}'\n`)
  expect(plain).toContain('whoever is on this machine')
  expect(plain).not.toContain(ESCAPE)

  const config = {
    ...defaultConfig,
    host: '0.0.0.0',
    insecure: true,
    redis: 'redis://user:hunter2@redis.example:6380/1',
  }
  const exposed = banner(TERMINAL, config, { id: 'r-1', url: 'http://0.0.0.0:4001' })
  expect(exposed).toContain('Redis at redis.example:6380\n')
  expect(exposed).not.toContain('hunter2')
  expect(exposed).toContain('whoever reaches this address')
  expect(exposed).toContain('npx cloudpush listen alice --url http://localhost:4001/graphql\n')
})

test('where credentials are asked for, the first message shows a token, and how to make one where that is possible', () => {
  const replica = { id: 'r-1', url: 'http://127.0.0.1:4000' }
  const signed = banner(PIPE, { ...defaultConfig, jwtSecret: 'x'.repeat(32) }, replica)
  expect(signed).toContain('npx cloudpush listen alice --token "$TOKEN"\n')
  expect(signed).toContain('TOKEN=$(npx cloudpush token --subscribe alice --push alice)')
  expect(signed).not.toContain('xxxx')
  const elsewhere = banner(PIPE, { ...defaultConfig, jwksUrl: 'https://id.example/jwks' }, replica)
  expect(elsewhere).toContain('npx cloudpush push alice \'{"text":"hi"}\' --token "$TOKEN"\n')
  expect(elsewhere).not.toContain('cloudpush token --subscribe')
})
