import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { codesOf, graphqlRequest, PUSH, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

const status = async (gateway: GatewayProcess, path: string) => (await fetch(`${gateway.url}${path}`)).status

it('without Redis a replica starts, says why it is not ready, and is ready as soon as Redis is there', async () => {
  await using redis = await startRedis()
  await redis.stop()
  await using gateway = await startGatewayProcess({ args: ['--redis', redis.url] })
  expect(await status(gateway, '/healthz')).toBe(200)
  expect(await status(gateway, '/readyz')).toBe(503)
  await expect.poll(() => gateway.output(), LIMIT).toMatch(/cannot be reached.*trying again/is)
  expect(gateway.output()).toContain(`127.0.0.1:${redis.port}`)
  const refused = await graphqlRequest(gateway, PUSH, { input: { to: ['alice'], payload: 1 } })
  expect(codesOf(refused)).toEqual(['BROKER_UNAVAILABLE'])

  await redis.restart()
  await expect.poll(() => status(gateway, '/readyz'), LIMIT).toBe(200)
  await using client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 'there' })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'there' })
})

it('subscriptions live through a restart of Redis without a reconnect, and nothing that was accepted is lost', async () => {
  await using redis = await startRedis({ appendOnly: true })
  await using gateway = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 'before' })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'before' })

  await redis.stop()
  await expect.poll(() => status(gateway, '/readyz'), LIMIT).toBe(503)
  const refused = await graphqlRequest(gateway, PUSH, {
    input: { id: 'again', to: ['alice'], payload: 'during' },
  })
  expect(codesOf(refused)).toEqual(['BROKER_UNAVAILABLE'])
  expect(refused.errors?.[0]?.extensions).toMatchObject({ pushId: 'again' })

  // Subscribed while Redis is away: it waits, and is live when Redis is back.
  client.send({
    id: '2',
    type: 'subscribe',
    payload: { query: 'subscription { messages(identifiers: ["bob"]) { payload } }' },
  })
  await client.fence()
  expect(client.left('2')).toEqual([])

  await redis.restart()
  await expect.poll(() => status(gateway, '/readyz'), LIMIT).toBe(200)
  await client.live('2')
  await push(gateway, { id: 'again', to: ['alice'], payload: 'during' })
  await push(gateway, { to: ['alice'], payload: 'after' })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'during', missed: 0 })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'after', missed: 0 })
})

it('a Redis that was wiped is filled again: clients go on, and hear that nobody knows what they missed', async () => {
  await using redis = await startRedis()
  await using gateway = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'error'] })
  await using client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  await push(gateway, { to: ['alice'], payload: 'before' })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'before', missed: 0 })

  const operator = new Redis(redis.url)
  await operator.flushall()
  operator.disconnect()
  // The holders are told again within a second or so; a push that comes sooner is read from the inbox then.
  await push(gateway, { to: ['alice'], payload: 'after' })
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'after', missed: null })
  await expect
    .poll(async () => (await push(gateway, { to: ['alice'], payload: 'later' })).offline, LIMIT)
    .toEqual([])
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'later', missed: 0 })
})
