import { randomUUID } from 'node:crypto'
import type {
  Arrival,
  Attached,
  AttachRequest,
  Broker,
  BrokerLimits,
  BrokerListener,
  NewPush,
  ResumeKey,
} from '../../../../src/broker/broker.ts'

/** One store and what the suite needs of it. */
export interface BrokerCluster extends AsyncDisposable {
  /** A broker on the store; the suite disposes of it. */
  open(replicaId: string, limits: BrokerLimits): Broker
  /** Lets a little time pass for the store: its clock goes on, and what waits for it runs. */
  moment(): Promise<void>
  /** Identifiers that together touch every partition; default: any one does. */
  readonly everywhere?: readonly string[]
}

export type CreateCluster = () => Promise<BrokerCluster>

export const LIMITS: BrokerLimits = {
  retentionSeconds: 3_600,
  retentionMessages: 1_000,
  resumeSeconds: 3_600,
}

const LIMIT_MS = 20_000

/** A listener that remembers. */
export class Ear implements BrokerListener {
  readonly arrivals: Arrival[] = []
  interruptions = 0
  onInterrupted: () => void = () => {}

  arrived(arrival: Arrival): void {
    this.arrivals.push(arrival)
  }

  interrupted(): void {
    this.interruptions++
    this.onInterrupted()
  }

  /** The offsets heard of one identifier, in the order of hearing. */
  offsets(identifier: string): number[] {
    return this.entries(identifier).map(({ offset }) => offset)
  }

  /** How many entries of that push were heard. */
  entriesOf(pushId: string): number {
    return this.arrivals.reduce(
      (count, { push, entries }) => (push.id === pushId ? count + entries.length : count),
      0,
    )
  }

  entries(identifier: string) {
    return this.arrivals.flatMap(({ push, entries }) =>
      entries.filter((entry) => entry.identifier === identifier).map((entry) => ({ ...entry, push })),
    )
  }
}

export interface Replica {
  readonly id: string
  readonly broker: Broker
  readonly ear: Ear
}

/** A cluster of listening replicas `a` and `b` (more on request). */
export class World implements AsyncDisposable {
  readonly cluster: BrokerCluster
  readonly limits: BrokerLimits
  readonly #replicas: Replica[] = []

  constructor(cluster: BrokerCluster, limits: BrokerLimits) {
    this.cluster = cluster
    this.limits = limits
  }

  async replica(id: string): Promise<Replica> {
    const replica = { id, broker: this.cluster.open(id, this.limits), ear: new Ear() }
    this.#replicas.push(replica)
    await replica.broker.listen(replica.ear)
    return replica
  }

  /** Waits until it holds, letting time pass. */
  async until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    while (!(await check())) {
      if (Date.now() > deadline) throw new Error(`It never came about that ${what}.`)
      await this.cluster.moment()
    }
  }

  /** All that was published before this call has been heard by the replica when it resolves. */
  async settle(replica: Replica): Promise<void> {
    const identifiers = this.cluster.everywhere ?? [`settle-${randomUUID()}`]
    const push = newPush(identifiers)
    await Promise.all(identifiers.map((identifier) => attach(replica, identifier)))
    await replica.broker.publish(push)
    await this.until('the last push is heard', () => replica.ear.entriesOf(push.id) === identifiers.length)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { broker } of this.#replicas.reverse()) await broker[Symbol.asyncDispose]()
    await this.cluster[Symbol.asyncDispose]()
  }
}

export async function openWorld(create: CreateCluster, limits: Partial<BrokerLimits> = {}): Promise<World> {
  return new World(await create(), { ...LIMITS, ...limits })
}

export function newPush(to: string | readonly string[], more: Partial<NewPush> = {}): NewPush {
  return {
    id: randomUUID(),
    to: typeof to === 'string' ? [to] : to,
    payload: '{"text":"hi"}',
    from: null,
    trigger: 'HTTP',
    traceparent: null,
    delaySeconds: 0,
    ttlSeconds: null,
    ...more,
  }
}

export function resumeKey(operationId: string, owner = 'session-1', subject = 'anna'): ResumeKey {
  return { subject, operationId, owner }
}

export async function attach(
  { broker }: Replica,
  identifier: string,
  more: Partial<AttachRequest> = {},
): Promise<Attached> {
  const request = { identifier, subscriptions: 1, resume: null, after: null, ...more }
  const [attached] = await broker.attach([request])
  if (!attached) throw new Error('attach answered nothing')
  return attached
}

export async function detach({ broker }: Replica, identifier: string, subscriptions = 0): Promise<void> {
  await broker.detach([{ identifier, subscriptions, confirmation: null, forget: null }])
}

/** Pushes so many messages, one after the other. */
export async function pushMany({ broker }: Replica, identifier: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await broker.publish(newPush(identifier))
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
