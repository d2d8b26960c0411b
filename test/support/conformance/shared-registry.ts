import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { createRedisCluster } from '../../../src/cluster/redis/cluster.ts'
import { createClusterKeys } from '../../../src/cluster/redis/keys.ts'
import type { AnyRedis } from '../redis-kinds.ts'
import { aLoad } from '../replicas.ts'
import { Member, type RegistryWorld } from './registry.ts'

const POLL = { timeout: 20_000, interval: 20 }

/** What one test needs: registries under a prefix of their own, and a client to see and disturb what they keep. */
export interface SharedRegistryWorld extends RegistryWorld {
  readonly client: Redis
  readonly prefix: string
}

export async function openRegistryWorld(redis: AnyRedis): Promise<SharedRegistryWorld> {
  const prefix = `test-${randomUUID()}`
  return {
    client: await redis.masterOf(createClusterKeys(prefix).replicas),
    prefix,
    open: (replicaId) => createRedisCluster({ url: redis.url, prefix, replicaId }),
    async [Symbol.asyncDispose]() {},
  }
}

/** What holds for registries that share a Redis, of whatever kind. */
export function sharedRegistryConformance(name: string, create: () => Promise<SharedRegistryWorld>): void {
  describe(`${name}: registries that share a store`, () => {
    test('joins, loads and goodbyes are seen by every member, in the same order', async () => {
      await using world = await create()
      await using b = await new Member(world, 'b').join()
      await using a = await new Member(world, 'a').join()
      await using c = await new Member(world, 'c').join()
      for (const member of [a, b, c]) await member.sees('a', 'b', 'c')
      expect(c.registry.replicas()[0]).toMatchObject(a.identity)

      await a.registry.report(aLoad({ sessions: 42, state: 'DRAINING', drainProgress: 0.5 }))
      for (const { registry } of [a, b, c]) {
        await expect
          .poll(() => registry.replicas()[0], POLL)
          .toMatchObject({ id: 'a', sessions: 42, state: 'DRAINING', drainProgress: 0.5 })
      }

      await a.registry.leave()
      for (const member of [b, c]) await member.sees('b', 'c')
      // A goodbye is no end.
      expect([b.endings, c.endings]).toEqual([[], []])
    })

    test('a second process with the id of a living one is refused, and the first goes on', async () => {
      await using world = await create()
      await using first = (await new Member(world, 'a').join()).keepReporting()
      await using second = new Member(world, 'a')
      await expect(second.join()).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message:
          'Another replica is called "a": ws://a.example/graphql has had it since 2030-01-02T03:04:05.678Z. ' +
          'Stop that one, or give this one another --replica-id.',
      })
      // Neither a goodbye nor a report of the refused one touches the lease of the first.
      await second.registry.leave()
      await first.registry.report(aLoad({ sessions: 1 }))
      expect(first.losses).toBe(0)
      await first.sees('a')

      await first.registry.leave()
      await using third = await new Member(world, 'a').join()
      await third.sees('a')
    })

    test('invariant 9: a replica that was killed is gone within its lease for all, and its end is told once', async () => {
      await using world = await create()
      await using a = (await new Member(world, 'a').join()).keepReporting()
      await using b = (await new Member(world, 'b').join()).keepReporting()
      const c = (await new Member(world, 'c').join()).keepReporting()
      for (const member of [a, b, c]) await member.sees('a', 'b', 'c')
      await c.registry.report(aLoad())
      await c[Symbol.asyncDispose]()
      const killedAt = Date.now()
      for (const member of [a, b]) await member.sees('a', 'b')
      expect(Date.now() - killedAt).toBeLessThan(6_000)

      // All that could tell it again has been heard when what came later has been.
      await using d = await new Member(world, 'd').join()
      for (const member of [a, b, d]) await member.sees('a', 'b', 'd')
      await expect.poll(() => [a.endings, b.endings], POLL).toEqual([['c'], ['c']])
      expect(await world.client.hkeys(createClusterKeys(world.prefix).replicas)).toHaveLength(3)
      expect([a.losses, b.losses, d.endings]).toEqual([0, 0, []])
    })

    test('a replica that was dead already when another joined is forgotten as well', async () => {
      await using world = await create()
      {
        await using _dead = await new Member(world, 'dead').join()
      }
      await using a = (await new Member(world, 'a').join()).keepReporting()
      expect(a.view).toEqual(['a', 'dead'])
      await a.sees('a')
      expect(a.endings).toEqual(['dead'])
    })

    test('a replica that was paused past its lease is told that it lost it, and is back with its next report', async () => {
      await using world = await create()
      await using watcher = (await new Member(world, 'a').join()).keepReporting()
      await using paused = await new Member(world, 'b').join()
      await expect.poll(() => watcher.endings, POLL).toEqual(['b'])
      expect(paused.losses).toBe(0)
      await paused.registry.report(aLoad({ sessions: 7 }))
      expect(paused.losses).toBe(1)
      await watcher.sees('a', 'b')
      await paused.registry.report(aLoad())
      expect(paused.losses).toBe(1)
      // Its own end is no news to it from others.
      expect(paused.endings).toEqual([])
    })

    test('what is no record of a replica is ignored, in the list and on the channel', async () => {
      await using world = await create()
      const { replicas, changes } = createClusterKeys(world.prefix)
      const load = JSON.stringify(aLoad())
      const garbage = [
        'nonsense',
        'null',
        '7',
        '[]',
        '{}',
        '{"kind":"load"}',
        '{"kind":"load","record":null}',
        '{"kind":"load","record":{"id":"x"}}',
        `{"kind":"load","record":{"id":"x","startedAt":0,"load":null}}`,
        `{"kind":"load","record":{"startedAt":0,"load":${load}}}`,
        '{"kind":"ended"}',
        '{"kind":"greeting","id":"x"}',
      ]
      await using a = await new Member(world, 'a').join()
      for (const [index, text] of garbage.entries()) {
        await world.client.hset(replicas, `garbage-${index}`, text)
        await world.client.spublish(changes, text)
      }
      await using b = await new Member(world, 'b').join()
      for (const member of [a, b]) await member.sees('a', 'b')
      expect([a.endings, b.endings]).toEqual([[], []])
    })

    test('registries of different prefixes do not see each other', async () => {
      await using world = await create()
      await using other = await create()
      await using a = await new Member(world, 'a').join()
      await using namesake = await new Member(other, 'a').join()
      await a.sees('a')
      await namesake.sees('a')
    })

    test('who only watches sees the others come, report, leave and die, and is seen by nobody', async () => {
      await using world = await create()
      await using early = await new Member(world, 'early').join()
      await using watcher = new Member(world, 'watcher')
      await watcher.registry.watch(watcher)
      await watcher.sees('early')
      {
        await using _dead = await new Member(world, 'dead').join(aLoad({ sessions: 7 }))
        await watcher.sees('dead', 'early')
        expect(watcher.registry.replicas()[0]).toMatchObject({ id: 'dead', sessions: 7 })
        expect(early.view).toEqual(['dead', 'early'])
      }
      early.keepReporting()
      await watcher.sees('early')
      expect(watcher.endings).toEqual(['dead'])
      await early.registry.leave()
      await watcher.sees()
      expect({ losses: watcher.losses, endings: watcher.endings }).toEqual({ losses: 0, endings: ['dead'] })
    })
  })
}
