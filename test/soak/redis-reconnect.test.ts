import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { startGatewayProcess } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { startLine } from '../support/line.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

const SESSIONS = 2
const SUBSCRIPTIONS = 100
const IDENTIFIERS = 100
/** Of which subscriptions of each session an identifier has a message to miss; the last one is the last to be asked for. */
const WITH_MESSAGE = [0, 24, 49, 74, 99]
const OUTAGE_MS = 1_000 // a second
const BACK_WITHIN_MS = 3_000 // 3 seconds
const MAX_COMMANDS = 200

function group(session: number, subscription: number): string[] {
  return Array.from({ length: IDENTIFIERS }, (_, n) => `device:${session}-${subscription}-${n}`)
}

/** For a machine that does nothing else. */
test('a replica that holds 20,000 identifiers is back within 3 s of a lost connection, in less than 200 commands', async () => {
  await using redis = await startRedis()
  await using line = await startLine(redis.port)
  await using holder = await startGatewayProcess({ args: ['--redis', `redis://127.0.0.1:${line.port}`] })
  await using pusher = await startGatewayProcess({ args: ['--redis', redis.url] })
  const asker = new Redis(redis.url)
  const sockets: RawClient[] = []
  for (let session = 0; session < SESSIONS; session++) {
    const socket = await RawClient.connect(holder)
    for (let n = 0; n < SUBSCRIPTIONS; n++) {
      await socket.subscribe(`${n}`, group(session, n))
    }
    sockets.push(socket)
  }
  line.cut()
  const missing = sockets.flatMap((_, session) => WITH_MESSAGE.map((n) => group(session, n)[0]))
  await push(pusher, { to: missing, payload: 'missed' })
  await delay(OUTAGE_MS)
  await asker.config('RESETSTAT')
  const begun = performance.now()
  line.lead(redis.port)
  for (const socket of sockets) {
    for (const n of WITH_MESSAGE) {
      expect(await socket.nextMessage(`${n}`)).toMatchObject({ payload: 'missed', missed: 0 })
    }
  }
  const backMs = performance.now() - begun
  // With those of the other replica, the leases, and a read of each inbox that had a message.
  const commands = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await asker.info('commandstats'))?.[1])
  for (const socket of sockets) await socket[Symbol.asyncDispose]()
  asker.disconnect()
  console.info('20,000 identifiers after a lost connection', { backMs: Math.round(backMs), commands })
  expect(backMs).toBeLessThan(BACK_WITHIN_MS)
  expect(commands).toBeLessThan(MAX_COMMANDS)
})
