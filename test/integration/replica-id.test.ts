import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess, startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, isOnline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const POLL = { timeout: 30_000, interval: 50 }

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis?.[Symbol.asyncDispose]())

const start = (...more: string[]) =>
  startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'warn', ...more] })

const idsOf = async (gateway: GatewayProcess) => {
  const { data } = await graphqlRequest<{ replicas: { id: string }[] }>(gateway, '{ replicas { id } }')
  return data?.replicas.map(({ id }) => id)
}

test('two replicas that claim one id: the second does not start, says who has it since when, and disturbs nobody', async () => {
  await using first = await start('--replica-id', 'one')
  await using client = await RawClient.connect(first)
  await client.subscribe('1', ['alice'])
  const { data } = await graphqlRequest<{ replicas: { startedAt: string }[] }>(
    first,
    '{ replicas { startedAt } }',
  )

  const failure = await start('--replica-id', 'one').then(
    () => new Error('it has started'),
    (error: Error) => error,
  )
  expect(failure.message).toContain('ended (exit code 1)')
  expect(failure.message).toContain(
    `Another replica is called "one": ${first.wsUrl} has had it since ${data?.replicas[0]?.startedAt}. ` +
      'Stop that one, or give this one another --replica-id.',
  )
  expect(await idsOf(first)).toEqual(['one'])
  expect(await isOnline(first, 'alice')).toBe(true)
  await using other = await start('--replica-id', 'two')
  await expect.poll(() => idsOf(first), POLL).toEqual(['one', 'two'])
  expect(await isOnline(other, 'alice')).toBe(true)
})

test('a replica that was killed is started again under its id at once: it waits for the lease, and holds nothing of the former', async () => {
  await using former = await start('--replica-id', 'again')
  await using client = await RawClient.connect(former)
  await client.subscribe('1', ['bob'])
  former.kill('SIGKILL')
  await former.exited
  await using again = await start('--replica-id', 'again')
  expect(await isOnline(again, 'bob')).toBe(false)
  await using back = await RawClient.connect(again)
  await back.subscribe('1', ['bob'])
  expect(await isOnline(again, 'bob')).toBe(true)
})

test('a replica that finds its id taken only when the store is there never becomes ready, and says why', async () => {
  await using ownRedis = await startRedis({ appendOnly: true })
  const client = new Redis(ownRedis.url)
  client.on('error', () => {
    // The server is stopped on purpose.
  })
  const record = { id: 'mine', url: 'ws://there/graphql', version: '1', startedAt: 0, load: {} }
  await client.hset('cp:{registry}:replicas', 'mine', JSON.stringify(record))
  await client.set('cp:{registry}:lease:mine', 'somebody', 'EX', 3_600)
  await ownRedis.stop()
  await using second = await startTestGateway({ redis: ownRedis.url, replicaId: 'mine' })
  await ownRedis.restart()
  let seconds = 3_600
  const unready = async () => {
    await client.expire('cp:{registry}:lease:mine', ++seconds)
    const response = await fetch(`${second.url}/readyz`)
    return [response.status, await response.text()]
  }
  await expect
    .poll(unready, POLL)
    .toEqual([503, expect.stringMatching(/"mine": ws:\/\/there\/graphql has had it since 1970-01-01/)])
  client.disconnect()
})
