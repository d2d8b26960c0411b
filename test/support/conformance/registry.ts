import { describe, expect, test } from 'vitest'
import type { Load, Registry, RegistryListener, ReplicaIdentity } from '../../../src/cluster/registry.ts'
import { aLoad } from '../replicas.ts'

/** One store of registries; the suite disposes of it, and every member of what it opened. */
export interface RegistryWorld extends AsyncDisposable {
  /** Disposing cuts its connections; its lease ends by itself where it was not given back. */
  open(replicaId: string): { readonly registry: Registry } & AsyncDisposable
}

export type CreateRegistryWorld = () => Promise<RegistryWorld>

const POLL = { timeout: 20_000, interval: 10 }
const REPORT_INTERVAL_MS = 1_000

/** A replica as the registry sees it: it joins, reports each second, and remembers what it was told. */
export class Member implements AsyncDisposable, RegistryListener {
  readonly identity: ReplicaIdentity
  readonly registry: Registry
  changes = 0
  losses = 0
  readonly endings: string[] = []
  readonly #connection: AsyncDisposable
  #reports: NodeJS.Timeout | undefined

  constructor(world: RegistryWorld, id: string) {
    this.identity = {
      id,
      url: `ws://${id}.example/graphql`,
      version: '1.2.3',
      startedAt: new Date('2030-01-02T03:04:05.678Z'),
    }
    const opened = world.open(id)
    this.registry = opened.registry
    this.#connection = opened
  }

  changed(): void {
    this.changes++
  }

  lost(): void {
    this.losses++
  }

  ended(replicaId: string): void {
    this.endings.push(replicaId)
  }

  async join(load: Load = aLoad()): Promise<this> {
    await this.registry.join(this.identity, load, this)
    return this
  }

  /** Goes on reporting until it is disposed of; where the store is away it tries again the next second. */
  keepReporting(load: Load = aLoad()): this {
    this.#reports = setInterval(() => this.registry.report(load).catch(() => {}), REPORT_INTERVAL_MS)
    return this
  }

  /** Ids in its view, in the order of the view. */
  get view(): string[] {
    return this.registry.replicas().map(({ id }) => id)
  }

  /** Resolves when its view is exactly these. */
  async sees(...ids: string[]): Promise<void> {
    await expect.poll(() => this.view, POLL).toEqual(ids)
  }

  /** Ends as `kill -9` does: nothing more is said, nothing given back. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#reports)
    await this.#connection[Symbol.asyncDispose]()
  }
}

/** What holds for every registry, seen by one replica; several need a store that they share. */
export function registryConformance(name: string, create: CreateRegistryWorld): void {
  describe(`${name}: the contract of the registry`, () => {
    test('before it joins, a replica is in no view and its reports go nowhere', async () => {
      await using world = await create()
      await using member = new Member(world, 'a')
      await member.registry.report(aLoad())
      expect(member.view).toEqual([])
      await member.registry.leave()
    })

    test('a replica that has joined sees itself at once, with all that it said', async () => {
      await using world = await create()
      await using member = new Member(world, 'a')
      const before = Date.now()
      const load = aLoad({ state: 'STARTING', sessions: 3, subscriptions: 5, capacity: 7 })
      await member.join(load)
      expect(member.registry.available).toBe(true)
      const [snapshot, ...others] = member.registry.replicas()
      expect(others).toEqual([])
      expect(snapshot).toEqual({ ...member.identity, ...load, lastSeen: expect.any(Date) })
      expect(snapshot?.lastSeen.getTime()).toBeGreaterThanOrEqual(before)
      expect(snapshot?.lastSeen.getTime()).toBeLessThanOrEqual(Date.now())
      expect(member.changes).toBeGreaterThan(0)
    })

    test('a report changes the load in the view, and says so', async () => {
      await using world = await create()
      await using member = await new Member(world, 'a').join(aLoad({ state: 'STARTING' }))
      const { changes } = member
      const load = aLoad({ state: 'DRAINING', sessions: 9, drainProgress: 0.25 })
      await member.registry.report(load)
      expect(member.registry.replicas()).toMatchObject([{ ...load, id: 'a' }])
      expect(member.changes).toBeGreaterThan(changes)
      expect({ losses: member.losses, endings: member.endings }).toEqual({ losses: 0, endings: [] })
    })

    test('who has left is gone from the view, and is told no end and no loss', async () => {
      await using world = await create()
      await using member = await new Member(world, 'a').join()
      await member.registry.leave()
      await member.sees()
      // A report that was under way, and a goodbye that is said twice, change nothing.
      await member.registry.report(aLoad())
      await member.registry.leave()
      expect(member.view).toEqual([])
      expect({ losses: member.losses, endings: member.endings }).toEqual({ losses: 0, endings: [] })
    })

    test('a view that was handed out does not change any more', async () => {
      await using world = await create()
      await using member = await new Member(world, 'a').join(aLoad({ sessions: 1 }))
      const view = member.registry.replicas()
      await member.registry.report(aLoad({ sessions: 2 }))
      await member.registry.leave()
      expect(view).toMatchObject([{ id: 'a', sessions: 1 }])
    })
  })
}
