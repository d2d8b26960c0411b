import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type GatewayAddress, startTestGateway } from '../support/gateway.ts'
import { PUSH } from '../support/graphql-request.ts'
import { randomFrom, seedOfRun } from '../support/random.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const PAIRS = 10_000
const CLIENTS = 10
const UNDER_WAY = 50
/** Each of a pair begins so late at most: the push before, while and after the subscription attaches. */
const MAX_OFFSET_MS = 30

const LISTEN = `subscription Listen($identifiers: [ID!]!) {
  messages(identifiers: $identifiers) { payload redelivered missed }
}`

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

it.each([
  ['the embedded broker', () => null],
  ['Redis', () => redis.url],
])(
  'invariant 6: on %s a push that is begun after the live ping arrives, exactly once',
  {
    timeout: 180_000,
  },
  async (_broker, redisUrl) => {
    const seed = seedOfRun()
    const random = randomFrom(seed)
    await using gateway = await startTestGateway({ redis: redisUrl(), redisPrefix: `cp-${randomUUID()}` })
    const listeners = Array.from({ length: CLIENTS }, () => new Listener(gateway))
    const pusher = new Listener(gateway)
    const outcomes = { afterLive: 0, before: 0, beforeAndHad: 0 }
    let begun = 0
    const runPairs = async () => {
      while (begun < PAIRS) {
        const listener = listeners[begun++ % CLIENTS] as Listener
        const { pushedAfterLive, messages } = await runPair(
          listener,
          pusher,
          random() * MAX_OFFSET_MS,
          random() * MAX_OFFSET_MS,
        )
        const had = messages.filter(({ payload }) => payload === 'raced')
        const text = `SEED=${seed}, ${JSON.stringify({ pushedAfterLive, messages })}`
        expect(had.length, text).toBeLessThanOrEqual(1)
        if (pushedAfterLive) expect(had.length, text).toBe(1)
        expect(messages.at(-1)?.payload, text).toBe('last')
        expect(messages.length, text).toBe(had.length + 1)
        expect(
          messages.some(({ redelivered, missed }) => redelivered || missed !== 0),
          text,
        ).toBe(false)
        outcomes[pushedAfterLive ? 'afterLive' : had.length ? 'beforeAndHad' : 'before']++
      }
    }
    try {
      await Promise.all(Array.from({ length: UNDER_WAY }, runPairs))
    } finally {
      await Promise.all([pusher, ...listeners].map((listener) => listener.client.dispose()))
    }
    // Each of the interleavings was there.
    for (const times of Object.values(outcomes)) expect(times).toBeGreaterThan(0)
  },
)

/** A subscription and a push, begun that much apart; when the one is live and the other accepted, a last one to wait for. */
async function runPair(listener: Listener, pusher: Listener, subscribeAtMs: number, pushAtMs: number) {
  const identifier = randomUUID()
  const subscribing = delay(subscribeAtMs).then(() => {
    const subscription = listener.subscribe(identifier)
    return { subscription, live: subscription.live.then(() => performance.now()) }
  })
  let pushedAt = 0
  const pushing = delay(pushAtMs).then(() => {
    pushedAt = performance.now()
    return pusher.push(identifier, 'raced')
  })
  const { subscription, live } = await subscribing
  const [liveAt] = await Promise.all([live, pushing])
  await pusher.push(identifier, 'last')
  return { pushedAfterLive: pushedAt > liveAt, messages: await subscription.untilLast() }
}

interface Message {
  readonly payload: unknown
  readonly redelivered: boolean
  readonly missed: number | null
}

/** A graphql-ws client that tells of live pings; its subscriptions have the identifier as their operation id. */
class Listener {
  readonly client: Client
  readonly #live = new Map<string, () => void>()

  constructor(gateway: GatewayAddress) {
    this.client = createClient({
      url: gateway.wsUrl,
      webSocketImpl: WebSocket,
      lazy: false,
      generateID: ({ variables }) =>
        (variables as { identifiers?: readonly string[] }).identifiers?.[0] ?? randomUUID(),
      on: {
        ping: (_received, payload) => {
          for (const id of Object.keys((payload as { live?: object } | undefined)?.live ?? {}))
            this.#live.get(id)?.()
        },
      },
    })
  }

  subscribe(identifier: string) {
    const messages: Message[] = []
    const live = new Promise<void>((resolve) => this.#live.set(identifier, resolve))
    const last = new Promise<void>((resolve, reject) => {
      const unsubscribe = this.client.subscribe<{ messages: Message }>(
        { query: LISTEN, variables: { identifiers: [identifier] } },
        {
          next: ({ data }) => {
            if (!data) return
            messages.push(data.messages)
            if (data.messages.payload !== 'last') return
            unsubscribe()
            resolve()
          },
          error: reject,
          complete: () => this.#live.delete(identifier),
        },
      )
    })
    return { live, untilLast: () => last.then(() => messages) }
  }

  push(identifier: string, payload: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.subscribe(
        { query: PUSH, variables: { input: { to: [identifier], payload } } },
        { next: ({ errors }) => errors && reject(errors), error: reject, complete: resolve },
      )
    })
  }
}
