import { expect, test, vi } from 'vitest'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { ecsProblems } from '../support/ecs.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

type Line = Readonly<Record<string, unknown>>

/** What it logged so far; what is no JSON is meant for people. */
function linesOf(gateway: GatewayProcess): Line[] {
  return gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
}

test('the way of a session and a push, from opening to the last statistics, is in the log, in fields of ECS', async () => {
  await using gateway = await startGatewayProcess({ args: ['--log-sample', '1', '--drain-seconds', '0'] })
  const client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  const { id } = await push(gateway, { to: ['alice', 'bob'], payload: 1 })
  await client.nextMessage('1')
  const actions = () => linesOf(gateway).map((line) => line['event.action'])
  await vi.waitUntil(() => actions().includes('message-delivered'), { timeout: EVENT_LIMIT_MS })
  client.socket.close(1000, 'done')
  await vi.waitUntil(() => actions().includes('session-closed'), { timeout: EVENT_LIMIT_MS })
  await using evicted = await RawClient.connect(gateway)
  gateway.kill('SIGTERM')
  expect((await evicted.closed()).code).toBe(1012)
  expect((await gateway.exited).code).toBe(0)

  const lines = linesOf(gateway)
  expect(lines.flatMap(ecsProblems)).toEqual([])
  const told = (action: string) => lines.filter((line) => line['event.action'] === action)
  expect(told('session-opened')).toHaveLength(2)
  expect(told('push-accepted')).toMatchObject([
    {
      'cloudpush.push.id': id,
      'cloudpush.recipients': 2,
      'cloudpush.offline': 1,
      'cloudpush.trigger': 'HTTP',
    },
  ])
  expect(told('message-delivered')).toMatchObject([
    { 'cloudpush.push.id': id, 'cloudpush.identifier': 'alice' },
  ])
  expect(told('drain-began')).toMatchObject([{ 'cloudpush.sessions': 1 }])
  expect(told('session-closed')).toMatchObject([
    { 'event.reason': 'done', 'cloudpush.close_code': 1000 },
    { 'event.reason': expect.any(String), 'cloudpush.close_code': 1012 },
  ])
  expect(told('statistics')).toMatchObject([
    { 'cloudpush.sent': 1, 'cloudpush.delivered': 1, 'cloudpush.pushes': 1, 'cloudpush.sessions_closed': 2 },
  ])
})

test('of nothing chosen, no push and no delivery is told; sessions are all the same', async () => {
  await using gateway = await startGatewayProcess({ args: ['--log-sample', '0'] })
  const client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 1 })
  await client.nextMessage('1')
  await client[Symbol.asyncDispose]()
  const actions = () => linesOf(gateway).map((line) => line['event.action'])
  await vi.waitUntil(() => actions().includes('session-closed'), { timeout: EVENT_LIMIT_MS })
  expect(actions()).toEqual(['session-opened', 'session-closed'])
})
