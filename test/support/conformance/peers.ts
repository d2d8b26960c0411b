import { describe, expect, test } from 'vitest'
import type { PeerHandlers, Peers } from '../../../src/cluster/peers.ts'
import { aLoad } from '../replicas.ts'

/** One store of peers that know of each other; disposing ends what it opened. */
export interface PeersWorld extends AsyncDisposable {
  /** A replica that is in the view of all others of this world from now on. */
  join(replicaId: string): Promise<Peers>
}

export type CreatePeersWorld = () => Promise<PeersWorld>

export const DISCONNECT = { identifiers: ['alice', 'bob'], reason: 'because' }

/** Answers `disconnect` with a number of its own, by which an answer is known. */
export function answering(number: number, more: Partial<PeerHandlers> = {}): PeerHandlers {
  return {
    disconnect: () => number,
    sessions: () => ({ sessions: [], total: number }),
    drain: () => aLoad({ state: 'DRAINING' }),
    undrain: () => aLoad(),
    move: () => number,
    ...more,
  }
}

/** What holds for every replica that asks itself; several need a store that they share. */
export function peersConformance(name: string, create: CreatePeersWorld): void {
  describe(`${name}: the contract of peers`, () => {
    test('a replica answers its own question, whether it asks all or itself by name', async () => {
      await using world = await create()
      const a = await world.join('a')
      const asked: unknown[] = []
      await a.serve(
        answering(1, {
          disconnect: async (ask) => {
            asked.push(ask)
            return 7
          },
        }),
      )
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([7])
      expect(await a.ask('disconnect', DISCONNECT, ['a'])).toEqual([7])
      expect(await a.ask('disconnect', DISCONNECT, ['a', 'a'])).toEqual([7])
      expect(asked).toEqual([DISCONNECT, DISCONNECT, DISCONNECT])
      const page = { identifier: null, first: 10, after: null }
      expect(await a.ask('sessions', page)).toEqual([{ sessions: [], total: 1 }])
    })

    test('who asks nobody, or not itself, does not answer itself', async () => {
      await using world = await create()
      const a = await world.join('a')
      await a.serve(answering(1))
      expect(await a.ask('disconnect', DISCONNECT, [])).toEqual([])
      expect(await a.ask('disconnect', DISCONNECT, ['nobody'])).toEqual([])
    })

    test('before it serves and after it was closed a replica has no answer, and does not reject', async () => {
      await using world = await create()
      const a = await world.join('a')
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([])
      await a.serve(answering(1))
      await a[Symbol.asyncDispose]()
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([])
    })

    test('a handler that throws or rejects has no answer, and the next question is answered again', async () => {
      await using world = await create()
      const a = await world.join('a')
      const failures = [
        () => {
          throw new Error('thrown')
        },
        () => Promise.reject(new Error('rejected')),
      ]
      await a.serve(answering(1, { disconnect: () => failures.pop()?.() ?? 3 }))
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([])
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([])
      expect(await a.ask('disconnect', DISCONNECT)).toEqual([3])
    })

    test('questions that are asked at the same time do not mix', async () => {
      await using world = await create()
      const a = await world.join('a')
      await a.serve(answering(0, { disconnect: async ({ identifiers }) => identifiers.length }))
      const counts = Array.from({ length: 50 }, (_, index) => index)
      const answers = await Promise.all(
        counts.map((count) =>
          a.ask('disconnect', { identifiers: Array.from({ length: count }, String), reason: null }),
        ),
      )
      expect(answers).toEqual(counts.map((count) => [count]))
    })
  })
}
