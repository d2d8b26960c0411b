import fc from 'fast-check'
import { type Broker, EVERYONE } from '../../src/broker/broker.ts'
import { eventually, type Received, TestClient, TestReplica } from './delivery-world.ts'

/**
 * A model of delivery that is simple enough to be plainly right: an operation has, of each identifier that it holds,
 * every message accepted since it went live, in the order accepted. Random steps drive real brokers and hubs beside it.
 */
export const IDENTIFIERS = ['alice', 'room:1', 'ü"\n{}'] as const
const CLIENTS = 3
const REPLICAS = 2

export type Step =
  | { readonly kind: 'push'; readonly to: readonly string[]; readonly again: boolean }
  | { readonly kind: 'subscribe'; readonly client: number; readonly identifiers: readonly string[] }
  | { readonly kind: 'complete' | 'prove' | 'stall' | 'read'; readonly client: number }
  | { readonly kind: 'cut'; readonly client: number }
  | { readonly kind: 'connect'; readonly client: number; readonly replica: number }
  | { readonly kind: 'kill' | 'cutChannel' | 'restoreChannel'; readonly replica: number }

const client = fc.nat({ max: CLIENTS - 1 })
const replica = fc.nat({ max: REPLICAS - 1 })
const identifiers = fc.subarray([...IDENTIFIERS], { minLength: 1 })

export const steps = (length: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('push' as const),
          to: fc.oneof(identifiers, fc.constant([EVERYONE])),
          again: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), client, identifiers }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom('prove' as const, 'stall' as const, 'read' as const),
          client,
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('complete' as const), client }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), client }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('connect' as const), client, replica }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'cutChannel' as const), replica }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restoreChannel' as const), replica }) },
    ),
    { minLength: length, maxLength: length },
  )

/** What the model knows of one operation: the push ids that it must have, per identifier, in order. */
type Expected = Map<string, string[]>

/** What inboxes keep: all of it; or so little that clients which are away or do not read lose messages. */
export type Retention = 'all' | 'little'
export const RETENTION_MESSAGES: Readonly<Record<Retention, number>> = { all: 1_000, little: 6 }

/** A seed for a run of the model, printed so that the run can be had again: `MODEL_SEED=… npm test`. */
export function modelSeed(): number {
  const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)
  console.info(`seed of the model: ${seed}`)
  return seed
}

/** Runs the steps, lets everything settle, and throws where what clients had differs from the model. */
export async function runModel(
  all: readonly Step[],
  retention: Retention,
  createBroker: (replicaId: string) => Broker,
): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, () => new TestClient())
  const expected = new Map<string, Expected>()
  const pushed: string[] = []
  const brokers: Broker[] = []
  const replicas: TestReplica[] = []
  let operations = 0
  let pushes = 0

  const startReplica = async (index: number) => {
    const broker = createBroker(`r${index}-${brokers.length}`)
    brokers.push(broker)
    replicas[index] = await TestReplica.start(broker)
  }
  const connect = async (index: number, on: number) => {
    const { [index]: each } = clients
    if (!each || each.session) return
    each.connect(replicas[on] as TestReplica)
    await each.live()
  }
  const push = async (to: readonly string[], again: boolean) => {
    const id = again && pushed.length > 0 ? (pushed.at(-1) as string) : `push-${++pushes}`
    const duplicate = pushed.includes(id)
    const broker = brokers.at(-1) as Broker
    const published = await broker.publish({
      id,
      to,
      payload: JSON.stringify({ id }),
      from: null,
      trigger: 'HTTP',
      traceparent: null,
      delaySeconds: 0,
      ttlSeconds: null,
    })
    if (published.duplicate !== duplicate) throw new Error(`push ${id}: duplicate is ${published.duplicate}`)
    if (duplicate) return
    pushed.push(id)
    for (const held of expected.values()) for (const identifier of to) held.get(identifier)?.push(id)
  }

  const take = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'push':
        return push(step.to, step.again)
      case 'subscribe': {
        const each = clients[step.client] as TestClient
        if (!each.session) return
        const operationId = `operation-${++operations}`
        each.subscribe(operationId, step.identifiers)
        await each.live()
        expected.set(
          operationId,
          new Map([...step.identifiers, EVERYONE].map((identifier) => [identifier, []])),
        )
        return
      }
      case 'complete': {
        const each = clients[step.client] as TestClient
        const [operationId] = each.operations.keys()
        if (!each.session || operationId === undefined) return
        expected.delete(operationId)
        return each.complete(operationId)
      }
      case 'prove':
        return clients[step.client]?.prove()
      case 'stall': {
        const connection = clients[step.client]?.connection
        if (connection) connection.stalled = true
        return
      }
      case 'read':
        return clients[step.client]?.connection?.resumeReading()
      case 'cut':
        return clients[step.client]?.disconnect(true)
      case 'connect':
        return connect(step.client, step.replica)
      case 'kill': {
        const victim = replicas[step.replica] as TestReplica
        victim.cutChannel()
        await Promise.all(
          clients.filter((each) => each.replica === victim).map((each) => each.disconnect(false)),
        )
        await startReplica(step.replica)
        const id = `r${step.replica}-${brokers.indexOf(victim.broker)}`
        return (brokers.at(-1) as Broker).forgetReplica(id)
      }
      case 'cutChannel':
        return replicas[step.replica]?.cutChannel()
      case 'restoreChannel':
        return replicas[step.replica]?.restoreChannel()
    }
  }

  try {
    for (let index = 0; index < REPLICAS; index++) await startReplica(index)
    for (const step of all) await take(step)
    for (const each of replicas) each.restoreChannel()
    for (const index of clients.keys()) await connect(index, index % REPLICAS)
    await eventually(
      () => {
        for (const each of clients) {
          each.connection?.resumeReading()
          each.prove()
        }
        return clients.every((each) => hasAll(each, expected, retention))
      },
      () => `messages are missing: ${describe(clients, expected)}`,
    )
    for (const each of clients) check(each, expected, retention)
  } finally {
    for (const each of clients) await each.disconnect(true)
    for (const each of replicas) await each.hub[Symbol.asyncDispose]()
    for (const broker of brokers) await broker[Symbol.asyncDispose]()
  }
}

function hasAll(each: TestClient, expected: ReadonlyMap<string, Expected>, retention: Retention): boolean {
  for (const [operationId, messages] of each.received) {
    for (const [identifier, ids] of expected.get(operationId) ?? []) {
      const had = new Set(messages.filter((message) => message.identifier === identifier).map(({ id }) => id))
      // The newest one is always retained; of the others, each is had or told to be missed.
      const due = retention === 'all' ? ids : ids.slice(-1)
      if (!due.every((id) => had.has(id))) return false
    }
  }
  return true
}

function check(each: TestClient, expected: ReadonlyMap<string, Expected>, retention: Retention): void {
  for (const [operationId, messages] of each.received) {
    for (const [identifier, ids] of expected.get(operationId) ?? []) {
      const own = messages.filter((message) => message.identifier === identifier)
      const problem = problemOf(own, ids, retention)
      if (problem) throw new Error(`${operationId} on ${JSON.stringify(identifier)}: ${problem}`)
    }
  }
}

function problemOf(
  messages: readonly Received[],
  ids: readonly string[],
  retention: Retention,
): string | null {
  const first: string[] = []
  const perSession = new Set<string>()
  /** Place in `ids` of the last message that came for the first time. */
  let last = -1
  for (const { id, redelivered, missed, sessionId, payload } of messages) {
    if ((payload as { id: string }).id !== id) return `${id} has the payload of another push`
    if (missed === null || (retention === 'all' && missed > 0)) return `${id} says that ${missed} were missed`
    if (perSession.has(`${sessionId} ${id}`)) return `${id} came twice on one connection`
    perSession.add(`${sessionId} ${id}`)
    if (first.includes(id)) {
      if (!redelivered) return `${id} was repeated without a mark`
      continue
    }
    first.push(id)
    const place = ids.indexOf(id)
    if (place <= last) return `${id} came out of order, or was not for it`
    // What it had but had not proved may be told as missed as well; what it never had must be.
    const lost = place - last - 1
    if (missed < lost || missed > place) return `${id} says that ${missed} were missed, but ${lost} were`
    last = place
  }
  if (retention === 'little') return null
  return first.join() === ids.join() ? null : `had ${first.join(' ')} instead of ${ids.join(' ')}`
}

function describe(clients: readonly TestClient[], expected: ReadonlyMap<string, Expected>): string {
  return clients
    .flatMap((each) =>
      [...each.received].map(([operationId, messages]) => {
        const states = [...(each.session?.subscriptions.get(operationId)?.positions ?? [])].map(
          ({ inbox, state, offset }) => `${inbox.identifier} ${state} at ${offset} of ${inbox.tip}`,
        )
        return `${operationId} had ${messages.map(({ id }) => id).join(' ')} of ${JSON.stringify([...(expected.get(operationId) ?? [])])} (${states.join(', ')})`
      }),
    )
    .join('; ')
}
