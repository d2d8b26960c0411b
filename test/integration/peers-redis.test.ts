import { afterAll, beforeAll, expect, test } from 'vitest'
import { DISCONNECT, peersConformance } from '../support/conformance/peers.ts'
import {
  ANSWER_LIMIT_MS,
  AT_MOST_MS,
  openPeersWorld,
  sharedPeersConformance,
  timed,
} from '../support/conformance/shared-peers.ts'
import { type Standalone, startStandalone } from '../support/redis-kinds.ts'

const POLL = { timeout: 20_000, interval: 10 }

let shared: Standalone

beforeAll(async () => {
  shared = await startStandalone()
})

afterAll(async () => {
  await shared?.[Symbol.asyncDispose]()
})

const createWorld = () => openPeersWorld(shared)

peersConformance('redis', createWorld)
sharedPeersConformance('redis', createWorld)

test('while Redis is away a replica still answers itself at once, and others again when it is back', async () => {
  await using redis = await startStandalone()
  await using world = await openPeersWorld(redis)
  const a = await world.serving('a', 1)
  await world.serving('b', 2)
  await redis.server.stop()
  const [own, tookOwn] = await timed(() => a.ask('disconnect', DISCONNECT, ['a']))
  expect(own).toEqual([1])
  expect(tookOwn).toBeLessThan(ANSWER_LIMIT_MS / 2)
  const [all, tookAll] = await timed(() => a.ask('disconnect', DISCONNECT))
  expect(all).toEqual([1])
  expect(tookAll).toBeLessThan(AT_MOST_MS)
  await redis.server.restart()
  await expect.poll(() => a.ask('disconnect', DISCONNECT, ['b']), POLL).toEqual([2])
})
