import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClusterKeys } from '../../src/cluster/redis/keys.ts'
import { Member, registryConformance } from '../support/conformance/registry.ts'
import { openRegistryWorld, sharedRegistryConformance } from '../support/conformance/shared-registry.ts'
import { type Standalone, startStandalone } from '../support/redis-kinds.ts'
import { aLoad } from '../support/replicas.ts'

const POLL = { timeout: 20_000, interval: 20 }

let shared: Standalone

beforeAll(async () => {
  shared = await startStandalone()
})

afterAll(async () => {
  await shared?.[Symbol.asyncDispose]()
})

const createWorld = () => openRegistryWorld(shared)

registryConformance('redis', createWorld)
sharedRegistryConformance('redis', createWorld)

test('FLUSHALL is told to every replica within 2 s, and every view heals without an end of the living', async () => {
  await using redis = await startStandalone()
  await using world = await openRegistryWorld(redis)
  const keys = createClusterKeys(world.prefix)
  await using a = (await new Member(world, 'a').join()).keepReporting()
  await using b = (await new Member(world, 'b').join()).keepReporting()
  for (const member of [a, b]) await member.sees('a', 'b')
  await world.client.flushall()
  const wipedAt = Date.now()
  await expect.poll(() => [a.losses, b.losses], POLL).toEqual([1, 1])
  expect(Date.now() - wipedAt).toBeLessThan(2_000)
  await expect.poll(async () => (await world.client.hkeys(keys.replicas)).sort(), POLL).toEqual(['a', 'b'])

  await using c = await new Member(world, 'c').join()
  for (const member of [a, b, c]) await member.sees('a', 'b', 'c')
  expect([a.losses, b.losses, a.endings, b.endings]).toEqual([1, 1, [], []])
})

test('while Redis is away views stay and nothing is thrown; when it is back nobody living has ended', async () => {
  await using redis = await startStandalone()
  await using world = await openRegistryWorld(redis)
  await using a = (await new Member(world, 'a').join()).keepReporting()
  await using b = (await new Member(world, 'b').join()).keepReporting()
  const dead = (await new Member(world, 'c').join()).keepReporting()
  for (const member of [a, b]) await member.sees('a', 'b', 'c')
  await redis.server.stop()
  await expect.poll(() => [a.registry.available, b.registry.available], POLL).toEqual([false, false])
  await expect(a.registry.report(aLoad())).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  await dead[Symbol.asyncDispose]()
  // Longer than every lease: nobody may be taken for dead for that, nor for the reports that could not come.
  const lastHeard = b.registry.replicas()[0]?.lastSeen.getTime() ?? 0
  await expect.poll(() => Date.now() - lastHeard, POLL).toBeGreaterThan(6_000)
  expect([a.view, b.view]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ])

  await redis.server.restart()
  await expect.poll(() => [a.registry.available, b.registry.available], POLL).toEqual([true, true])
  // The one that died meanwhile has ended; the living have lost their leases with the data, and have them again.
  for (const member of [a, b]) await member.sees('a', 'b')
  await expect.poll(() => [a.losses, b.losses], POLL).toEqual([1, 1])
  expect([a.endings, b.endings]).toEqual([['c'], ['c']])
  await a.registry.report(aLoad({ sessions: 5 }))
  await expect.poll(() => b.registry.replicas()[0], POLL).toMatchObject({ id: 'a', sessions: 5 })
})

test('a Redis that does not answer for longer than the lease ends nobody who lives', async () => {
  await using redis = await startStandalone()
  await using world = await openRegistryWorld(redis)
  await using a = (await new Member(world, 'a').join()).keepReporting()
  await using b = (await new Member(world, 'b').join()).keepReporting()
  for (const member of [a, b]) await member.sees('a', 'b')
  redis.server.pause()
  const pausedAt = Date.now()
  await expect.poll(() => Date.now() - pausedAt, POLL).toBeGreaterThan(6_000)
  redis.server.resume()
  await expect.poll(() => [a.registry.available, b.registry.available], POLL).toEqual([true, true])
  await expect.poll(() => [a.losses, b.losses], POLL).toEqual([1, 1])
  await a.registry.report(aLoad({ sessions: 5 }))
  await expect.poll(() => b.registry.replicas()[0], POLL).toMatchObject({ id: 'a', sessions: 5 })
  expect([a.view, b.view, a.endings, b.endings]).toEqual([['a', 'b'], ['a', 'b'], [], []])
})

test('without Redis a join is refused with what is wrong, and works when Redis is there', async () => {
  await using redis = await startStandalone()
  await redis.server.stop()
  await using world = await openRegistryWorld(redis)
  await using a = new Member(world, 'a')
  expect(a.registry.available).toBe(false)
  await expect(a.join()).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringContaining(`Redis at 127.0.0.1:${redis.server.port} cannot be reached`),
  })
  expect(a.view).toEqual([])
  await redis.server.restart()
  await expect
    .poll(
      () =>
        a.join().then(
          () => 'in',
          (error: Error) => error.message,
        ),
      POLL,
    )
    .toBe('in')
  await a.sees('a')
})
