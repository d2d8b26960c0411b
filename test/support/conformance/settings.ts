import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createClusterKeys } from '../../../src/cluster/redis/keys.ts'
import type { SettingsChange } from '../../../src/config/live-settings.ts'
import { startTestGateway, type TestGateway } from '../gateway.ts'
import { codesOf, graphqlRequest } from '../graphql-request.ts'
import { RawClient } from '../raw-client.ts'
import type { AnyRedis } from '../redis-kinds.ts'

const POLL = { timeout: 20_000, interval: 20 }
const FIELDS = `retentionSeconds retentionMessages resumeSeconds idleTimeoutSeconds drainSeconds maxPayloadBytes
  connectionRatePerSecond pushRatePerSecond`
const DEFAULTS = {
  retentionSeconds: 3_600,
  retentionMessages: 1_000,
  resumeSeconds: 3_600,
  idleTimeoutSeconds: 60,
  drainSeconds: 30,
  maxPayloadBytes: 65_536,
  connectionRatePerSecond: 0,
  pushRatePerSecond: 0,
}

/** Two replicas of a cluster of their own. */
export interface TwoReplicas extends AsyncDisposable {
  readonly prefix: string
  readonly a: TestGateway
  readonly b: TestGateway
}

export async function startTwoReplicas(redis: AnyRedis): Promise<TwoReplicas> {
  const prefix = `test-${randomUUID()}`
  const config = { redis: redis.url, redisPrefix: prefix }
  const [a, b] = await Promise.all([startTestGateway(config), startTestGateway(config)])
  return {
    prefix,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
    },
  }
}

export const CONFIGURE = `mutation Configure($input: SettingsInput!) { configure(input: $input) { ${FIELDS} } }`

/** Null in a change is what a client sends that leaves a field empty. */
type Input = { readonly [Name in keyof SettingsChange]: number | null }

export const settingsOf = async (gateway: TestGateway) =>
  (await graphqlRequest<{ settings: typeof DEFAULTS }>(gateway, `{ settings { ${FIELDS} } }`)).data?.settings

/** Changes settings at one replica and waits until they are in force at the other. */
export async function configure({ a, b }: TwoReplicas, input: Input): Promise<void> {
  const { data, errors } = await graphqlRequest<{ configure: object }>(a, CONFIGURE, { input })
  if (!data) throw new Error(JSON.stringify(errors))
  expect(data.configure).toMatchObject(input)
  await expect.poll(() => settingsOf(b), POLL).toMatchObject(input)
}

/** What holds for replicas that share their settings in a Redis, of whatever kind. */
export function settingsConformance(name: string, redisOf: () => AnyRedis): void {
  const storeOf = ({ prefix }: TwoReplicas) => redisOf().masterOf(createClusterKeys(prefix).settings)

  describe(`${name}: settings that are shared`, () => {
    test('a change is in force at once where it was made, and then everywhere; null leaves a setting as it is', async () => {
      await using two = await startTwoReplicas(redisOf())
      expect(await settingsOf(two.b)).toEqual(DEFAULTS)
      const { data } = await graphqlRequest(two.a, CONFIGURE, {
        input: { retentionSeconds: 60, drainSeconds: 0, resumeSeconds: null },
      })
      const changed = { ...DEFAULTS, retentionSeconds: 60, drainSeconds: 0 }
      expect(data).toEqual({ configure: changed })
      expect(await settingsOf(two.a)).toEqual(changed)
      await expect.poll(() => settingsOf(two.b), POLL).toEqual(changed)
      // Another one, made elsewhere, adds to it.
      await graphqlRequest(two.b, CONFIGURE, { input: { pushRatePerSecond: 7 } })
      await expect.poll(() => settingsOf(two.a), POLL).toEqual({ ...changed, pushRatePerSecond: 7 })
    })

    test('whoever subscribes to the settings is told them at once, and of each change', async () => {
      await using two = await startTwoReplicas(redisOf())
      await using watcher = await RawClient.connect(two.b)
      const query = `subscription { settings { ${FIELDS} } }`
      watcher.send({ id: '1', type: 'subscribe', payload: { query } })
      expect((await watcher.expect('next', '1')).payload).toEqual({ data: { settings: DEFAULTS } })
      await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 99 } })
      expect((await watcher.expect('next', '1')).payload).toEqual({
        data: { settings: { ...DEFAULTS, maxPayloadBytes: 99 } },
      })
      // What is as it was is no change.
      await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 99 } })
      await graphqlRequest(two.a, CONFIGURE, { input: { maxPayloadBytes: 100 } })
      expect((await watcher.expect('next', '1')).payload).toMatchObject({
        data: { settings: { maxPayloadBytes: 100 } },
      })
    })

    test('what cannot be is refused with every value named, and nothing is changed', async () => {
      await using two = await startTwoReplicas(redisOf())
      const input = {
        retentionSeconds: 0,
        drainSeconds: 5,
        maxPayloadBytes: 2_000_000,
        pushRatePerSecond: -1,
      }
      const answer = await graphqlRequest(two.a, CONFIGURE, { input })
      expect(codesOf(answer)).toEqual(['BAD_USER_INPUT'])
      expect(answer.errors?.[0]?.message).toBe(
        'input.retentionSeconds must be a whole number from 1 to 31622400; it is 0. ' +
          'input.maxPayloadBytes must be a whole number from 1 to 1048576; it is 2000000. ' +
          'input.pushRatePerSecond must be a whole number from 0 to 1000000; it is -1.',
      )
      expect(answer.errors?.[0]?.extensions?.['arguments']).toEqual([
        'input.retentionSeconds',
        'input.maxPayloadBytes',
        'input.pushRatePerSecond',
      ])
      expect(codesOf(await graphqlRequest(two.a, CONFIGURE, { input: { drainSeconds: 1.5 } }))).toEqual([
        'BAD_USER_INPUT',
      ])
      expect(await settingsOf(two.a)).toEqual(DEFAULTS)
    })

    test('two changes at the same time: all replicas end with the same settings', async () => {
      await using two = await startTwoReplicas(redisOf())
      const changes = Array.from({ length: 40 }, (_, n) =>
        graphqlRequest(n % 2 ? two.a : two.b, CONFIGURE, {
          input: n % 3 ? { drainSeconds: n } : { drainSeconds: n, retentionMessages: n + 1 },
        }),
      )
      for (const answer of await Promise.all(changes)) expect(answer.errors).toBeUndefined()
      const stored = await (await storeOf(two)).hgetall(`${two.prefix}:{registry}:settings`)
      const expected = { drainSeconds: Number(stored['drainSeconds']), retentionMessages: expect.any(Number) }
      for (const gateway of [two.a, two.b]) {
        await expect.poll(() => settingsOf(gateway), POLL).toMatchObject(expected)
      }
      expect(await settingsOf(two.a)).toEqual(await settingsOf(two.b))
    })

    test('what was configured is stronger than flags, for a replica that starts later as well; what was not is the flag’s', async () => {
      await using two = await startTwoReplicas(redisOf())
      await configure(two, { drainSeconds: 3 })
      await using later = await startTestGateway({
        redis: redisOf().url,
        redisPrefix: two.prefix,
        drainSeconds: 9,
        maxPayloadBytes: 77,
      })
      expect(await settingsOf(later)).toEqual({ ...DEFAULTS, drainSeconds: 3, maxPayloadBytes: 77 })
    })

    test('a replica that could not hear of a change reads it within a second, and leaves what it does not understand', async () => {
      await using two = await startTwoReplicas(redisOf())
      // Nobody is told of this.
      await (await storeOf(two)).hset(`${two.prefix}:{registry}:settings`, {
        drainSeconds: 4,
        retentionSeconds: 'soon',
        ofAnotherVersion: 1,
      })
      for (const gateway of [two.a, two.b]) {
        await expect.poll(() => settingsOf(gateway), POLL).toEqual({ ...DEFAULTS, drainSeconds: 4 })
      }
      // What is taken out of the store is the flag's again.
      await (await storeOf(two)).hdel(`${two.prefix}:{registry}:settings`, 'drainSeconds')
      await expect.poll(() => settingsOf(two.b), POLL).toEqual(DEFAULTS)
    })
  })
}
