import { expect, vi } from 'vitest'
import type { GatewayAddress } from './gateway.ts'
import { graphqlRequest, push } from './graphql-request.ts'
import { RawClient } from './raw-client.ts'

const SUBSCRIBERS = 50
/** A push at a time, and so many even where the attack is over at once. */
const LEAST_PUSHES = 20
const LIMIT_MS = 60_000

/**
 * Ordinary subscribers, to whom messages are pushed one after another for as long as the attack takes. All of it must be
 * accepted, and arrive at each of them once and in order; afterwards the gateway has their sessions and no others.
 */
export async function amidOrdinaryLife(
  gateway: GatewayAddress,
  attack: () => Promise<void>,
): Promise<{ readonly pushes: number }> {
  const room = `room:${crypto.randomUUID()}`
  const clients = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => RawClient.connect(gateway)))
  try {
    await Promise.all(clients.map((client, index) => client.subscribe('all', [room, `${room}:${index}`])))
    let over = false
    const attacked = attack().finally(() => {
      over = true
    })
    // Heard when it is awaited: what is under way is pushed to its end first.
    attacked.catch(() => {})
    let pushes = 0
    while (!over || pushes < LEAST_PUSHES) {
      const { accepted, offline } = await push(gateway, { to: [room], payload: { pushes } })
      expect({ accepted, offline }).toEqual({ accepted: 1, offline: [] })
      pushes++
    }
    await attacked
    await Promise.all(
      clients.map(async (client) => {
        for (let expected = 0; expected < pushes; expected++) {
          const message = await client.nextMessage('all')
          expect(message).toMatchObject({ payload: { pushes: expected }, redelivered: false, missed: 0 })
        }
      }),
    )
    await vi.waitFor(async () => expect(await sessionsOf(gateway)).toBe(SUBSCRIBERS), {
      timeout: LIMIT_MS,
      interval: 100,
    })
    return { pushes }
  } finally {
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  }
}

async function sessionsOf(gateway: GatewayAddress): Promise<number | undefined> {
  const answer = await graphqlRequest<{ replicas: { sessions: number }[] }>(
    gateway,
    '{ replicas { sessions } }',
  )
  return answer.data?.replicas[0]?.sessions
}
