import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hold, speech } from '../support/fuzz-frames.ts'
import { ask, request } from '../support/fuzz-requests.ts'
import { type GatewayAddress, type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { seedOfRun } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/** Random and mutated traffic against real processes, held against what the protocols say. `SEED=…` repeats a run. */

const FRAMES = 100_000
const FRAMES_OF_GATEWAY = 10_000
const REQUESTS = 5_000
const GAUGE = new URL('../support/heap-gauge.mjs', import.meta.url).href
/** RSS may end so much above its start. */
const MOST_GROWTH = 1.1
const seed = seedOfRun()

let redis: RedisServer
let replica: GatewayProcess
beforeAll(async () => {
  console.log(`fuzz: SEED=${seed}`)
  redis = await startRedis()
  replica = await startGatewayProcess({
    args: ['--redis', redis.url, '--log-level', 'error'],
    // The young generation, which V8 lets grow with the load, is no memory that is kept: a bound leaves it out of the comparison.
    env: { NODE_OPTIONS: `--import ${GAUGE} --max-semi-space-size=16` },
  })
})
afterAll(async () => {
  await replica?.[Symbol.asyncDispose]()
  await redis?.[Symbol.asyncDispose]()
})

/** Each of both runs until so many were held against what is right; a failure says what was sent, shrunk to the least. */
async function fuzzFrames(
  address: GatewayAddress,
  frames: number,
  options?: { readonly toTheBreach: boolean },
): Promise<void> {
  let held = 0
  for (let round = 0; held < frames; round++) {
    await fc.assert(
      fc.asyncProperty(speech, async (it) => {
        held += await hold(address, it, options)
      }),
      { seed: seed + round, numRuns: 100 },
    )
  }
}

async function fuzzRequests(address: GatewayAddress, count: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(request, (it) => ask(address, it)),
    { seed, numRuns: count },
  )
}

async function expectService(address: GatewayAddress, witness: RawClient, payload: string): Promise<void> {
  await push(address, { to: ['witness'], payload })
  expect(await witness.nextMessage('witness')).toMatchObject({ payload, redelivered: false, missed: 0 })
  const sessions = async () =>
    (await graphqlRequest<{ replicas: { sessions: number }[] }>(address, '{ replicas { sessions } }')).data
  await vi.waitFor(async () => expect(await sessions()).toEqual({ replicas: [{ sessions: 1 }] }), {
    timeout: 20_000,
    interval: 100,
  })
}

/** Bytes, after a collection. */
async function rss(): Promise<number> {
  const said = () => [...replica.output().matchAll(/^rss (\d+)$/gm)]
  const before = said().length
  replica.kill('SIGUSR2')
  await vi.waitUntil(() => said().length > before, { timeout: 20_000 })
  return Number(said().at(-1)?.[1])
}

test('100,000 random and mutated frames get the close codes that they ask for, 5,000 requests an answer; neither costs memory or a session', async () => {
  await using witness = await RawClient.connect(replica)
  await witness.subscribe('witness', ['witness'])
  // What every process has once: compiled code, plans, caches, pools.
  await fuzzFrames(replica, FRAMES / 4)
  await fuzzRequests(replica, REQUESTS / 4)
  await expectService(replica, witness, 'warm')
  const start = await rss()
  await fuzzFrames(replica, FRAMES)
  await fuzzRequests(replica, REQUESTS)
  await expectService(replica, witness, 'over')
  // Pages that a collection frees go back to the system by and by.
  const growth = async () => (await rss()) / start
  await expect.poll(growth, { timeout: 30_000, interval: 1_000 }).toBeLessThan(MOST_GROWTH)
  expect(replica.output()).not.toMatch(/"log\.level":"error"|ERROR/)
}, 180_000)

test('a gateway in front gives the same codes', async () => {
  await using gateway = await startGatewayProcess({
    command: 'gateway',
    args: ['--redis', redis.url, '--log-level', 'error'],
  })
  await vi.waitUntil(async () => (await fetch(`${gateway.url}/readyz`)).ok, { timeout: 20_000 })
  await using witness = await RawClient.connect(gateway)
  await witness.subscribe('witness', ['witness'])
  await fuzzFrames(gateway, FRAMES_OF_GATEWAY, { toTheBreach: true })
  await expectService(gateway, witness, 'over')
  expect(gateway.output()).not.toMatch(/"log\.level":"error"|ERROR/)
}, 120_000)
