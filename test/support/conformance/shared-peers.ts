import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import type { Peers, SessionSnapshot } from '../../../src/cluster/peers.ts'
import { createRedisCluster, type RedisCluster } from '../../../src/cluster/redis/cluster.ts'
import { createClusterKeys } from '../../../src/cluster/redis/keys.ts'
import type { AnyRedis } from '../redis-kinds.ts'
import { aLoad } from '../replicas.ts'
import { answering, DISCONNECT, type PeersWorld } from './peers.ts'

const POLL = { timeout: 20_000, interval: 10 }
export const ANSWER_LIMIT_MS = 2_000
/** The limit itself, and what a busy machine adds to it. */
export const AT_MOST_MS = ANSWER_LIMIT_MS + 1_500

/** Peers under a prefix of their own, and a client to disturb them. */
export interface SharedPeersWorld extends PeersWorld {
  readonly prefix: string
  readonly client: Redis
  /** Joins and serves. */
  serving(replicaId: string, number: number): Promise<Peers>
  /** Ends it as `kill -9` does: the others still take it for a living one. */
  kill(replicaId: string): Promise<void>
}

export async function openPeersWorld(redis: AnyRedis): Promise<SharedPeersWorld> {
  const prefix = `test-${randomUUID()}`
  const clusters = new Map<string, RedisCluster>()
  const client = await redis.masterOf(createClusterKeys(prefix).replicas)
  const join = async (replicaId: string) => {
    const cluster = createRedisCluster({ url: redis.url, prefix, replicaId })
    clusters.set(replicaId, cluster)
    const self = { id: replicaId, url: '', version: '', startedAt: new Date() }
    await cluster.registry.join(self, aLoad(), { changed: () => {}, lost: () => {}, ended: () => {} })
    for (const { registry } of clusters.values()) {
      await expect.poll(() => registry.replicas().map(({ id }) => id), POLL).toContain(replicaId)
    }
    return cluster.peers
  }
  const kill = async (replicaId: string) => {
    await clusters.get(replicaId)?.[Symbol.asyncDispose]()
    clusters.delete(replicaId)
  }
  return {
    prefix,
    client,
    join,
    kill,
    async serving(replicaId, number) {
      const peers = await join(replicaId)
      await peers.serve(answering(number))
      return peers
    },
    async [Symbol.asyncDispose]() {
      for (const replicaId of [...clusters.keys()].reverse()) await kill(replicaId)
    },
  }
}

/** How long something took, in ms, and what it gave. */
export async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = performance.now()
  const result = await work()
  return [result, performance.now() - before]
}

/** What holds for peers that share a Redis, of whatever kind. */
export function sharedPeersConformance(name: string, create: () => Promise<SharedPeersWorld>): void {
  describe(`${name}: peers that share a store`, () => {
    test('all living replicas are asked, and as soon as all have answered the answers are there', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      const b = await world.serving('b', 2)
      const c = await world.serving('c', 3)
      for (const peers of [a, b, c]) {
        const [answers, took] = await timed(() => peers.ask('disconnect', DISCONNECT))
        expect([...answers].sort()).toEqual([1, 2, 3])
        expect(took).toBeLessThan(ANSWER_LIMIT_MS)
      }
    })

    test('only those that are named are asked', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      await world.serving('b', 2)
      await world.serving('c', 3)
      expect(await a.ask('disconnect', DISCONNECT, ['c'])).toEqual([3])
      expect([...(await a.ask('disconnect', DISCONNECT, ['a', 'b', 'b']))].sort()).toEqual([1, 2])
    })

    test('question and answer arrive as they were said, however large', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      const b = await world.join('b')
      const session: SessionSnapshot = {
        id: 's-1',
        subject: 'zoë',
        identifiers: ['room:lobby', '日本'],
        replicaId: 'b',
        remoteAddress: null,
        userAgent: '"quoted" \\ \u2028',
        connectedAt: 1,
        lastActiveAt: 2,
        subscriptions: 3,
        bufferedBytes: 4,
        unconfirmed: 5,
      }
      const sessions = Array.from({ length: 5_000 }, (_, index) => ({ ...session, id: `s-${index}` }))
      const asked: unknown[] = []
      const ask = { identifier: 'zoë', first: 5_000, after: 'a "cursor"' }
      await b.serve(
        answering(0, {
          sessions: (question) => {
            asked.push(question)
            return { sessions, total: 12_345 }
          },
        }),
      )
      expect(await a.ask('sessions', ask, ['b'])).toEqual([{ sessions, total: 12_345 }])
      expect(asked).toEqual([ask])
    })

    test('a handler that fails costs its own answer only, and no time', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      const b = await world.join('b')
      await b.serve(answering(2, { disconnect: () => Promise.reject(new Error('no')) }))
      await world.serving('c', 3)
      const [answers, took] = await timed(() => a.ask('disconnect', DISCONNECT))
      expect([...answers].sort()).toEqual([1, 3])
      expect(took).toBeLessThan(ANSWER_LIMIT_MS)
    })

    test('a dead replica, or one that does not serve yet, costs the limit at most and no answer of others', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      await world.serving('b', 2)
      await world.serving('dead', 3)
      await world.join('not yet')
      await world.kill('dead')
      const [answers, took] = await timed(() => a.ask('disconnect', DISCONNECT))
      expect([...answers].sort()).toEqual([1, 2])
      expect(took).toBeLessThan(AT_MOST_MS)
    })

    test('an answer that comes too late is not heard, not even by the next question', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      const b = await world.join('b')
      let answerLate = (_number: number) => {}
      const late = new Promise<number>((resolve) => {
        answerLate = resolve
      })
      let questions = 0
      await b.serve(answering(2, { disconnect: () => (++questions === 1 ? late : 22) }))
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([1])
      answerLate(2)
      expect(await a.ask('disconnect', DISCONNECT, ['b'])).toEqual([22])
    })

    test('closing a replica ends what it asks, with the answers that were there', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      await world.join('silent')
      const asked = a.ask('disconnect', DISCONNECT)
      await a[Symbol.asyncDispose]()
      const [answers, took] = await timed(() => asked)
      expect(answers).toEqual([1])
      expect(took).toBeLessThan(ANSWER_LIMIT_MS / 2)
    })

    test('what is no message of a replica is ignored: garbage, unknown questions, answers that nobody asked for', async () => {
      await using world = await create()
      const a = await world.serving('a', 1)
      await world.serving('b', 2)
      const keys = createClusterKeys(world.prefix)
      const garbage = [
        'nonsense',
        'null',
        '7',
        '[]',
        '{}',
        '{"kind":"ask"}',
        '{"kind":"ask","id":7,"from":"b"}',
        '{"kind":"greeting","id":"1","from":"b"}',
        '{"kind":"ask","id":"1","from":"b"}',
        '{"kind":"ask","id":"1","from":"b","question":"shutdown","ask":null}',
        '{"kind":"ask","id":"1","from":"b","question":"constructor","ask":null}',
        '{"kind":"answer","id":"1","from":"b","answer":99}',
        Buffer.from([0xff, 0xfe, 0x00]),
      ]
      for (const text of garbage) await world.client.spublish(keys.ask('a'), text)
      expect(await a.ask('disconnect', DISCONNECT, ['b'])).toEqual([2])
      expect([...(await a.ask('disconnect', DISCONNECT))].sort()).toEqual([1, 2])
    })
  })
}
