import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import type { GatewayAddress } from './gateway.ts'
import { push } from './graphql-request.ts'
import type { RawClient, ReceivedMessage } from './raw-client.ts'

const LIMIT = { timeout: 60_000, interval: 20 }

export const OLD = ['old 1', 'old 2', 'old 3']
export const LOST = ['lost 1', 'lost 2', 'lost 3']
/** One more than were lost: the offsets of the lost ones are given again, and more. */
export const NEW = ['new 1', 'new 2', 'new 3', 'new 4']

/** Each repeated with its id until it is accepted. */
export async function pushAll(
  through: GatewayAddress,
  to: string,
  payloads: readonly string[],
): Promise<void> {
  for (const payload of payloads) {
    const input = { id: randomUUID(), to: [to], payload }
    await vi.waitUntil(() => push(through, input).catch(() => null), LIMIT)
  }
}

export async function receive(client: RawClient, id: string, count: number): Promise<ReceivedMessage[]> {
  const messages: ReceivedMessage[] = []
  for (let n = 0; n < count; n++) messages.push(await client.nextMessage(id))
  return messages
}

export const payloads = (messages: readonly ReceivedMessage[]) => messages.map(({ payload }) => payload)
export const missed = (messages: readonly ReceivedMessage[]) => messages.map((message) => message.missed)

/** The new ones, in order, and that messages may be missed; before them what it had not proved to have, marked. */
export async function expectNew(client: RawClient, id: string): Promise<void> {
  const messages: ReceivedMessage[] = []
  while (messages.at(-1)?.payload !== NEW.at(-1)) messages.push(await client.nextMessage(id))
  const repeats = messages.slice(0, -NEW.length)
  expect(OLD).toEqual(expect.arrayContaining(payloads(repeats)))
  expect(repeats.every(({ redelivered }) => redelivered)).toBe(true)
  expect(payloads(messages.slice(-NEW.length))).toEqual(NEW)
  expect(missed(messages)).toEqual(messages.map((_, index) => (index === 0 ? null : 0)))
}

/**
 * From now on nothing that this master stores reaches its replicas, though they live. Resolves when they have what it stored
 * before. `key`: any one that this master has the slot of.
 */
export async function stopCopying(master: Redis, key = 'last'): Promise<void> {
  await master.set(key, '1')
  await vi.waitUntil(async () => (await master.wait(1, 1_000)) === 1, LIMIT)
  await master.call('ACL', 'SETUSER', 'default', '-psync', '-sync')
  await master.call('CLIENT', 'KILL', 'TYPE', 'replica')
}
