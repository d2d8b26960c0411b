import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { loadScripts } from '../../src/broker/redis/scripts.ts'
import { range } from '../support/conformance/broker/world.ts'
import { type GatewayAddress, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'

/** How long each Lua script keeps Redis from all others, as Redis itself counts it (SLOWLOG). */

const CLIENTS = 10
const SUBSCRIPTIONS = 10
const IDENTIFIERS = 100
const SIZES = [1, 250, 1_000, 10_000]
const PUSHES = 12
const MAX_MICROSECONDS = 10_000 // 10 ms
const ROUNDS = 3
const PAYLOAD = { text: 'x'.repeat(130) }

const CLUSTER_SCRIPTS = new URL('../../src/cluster/redis/lua/', import.meta.url)
const names = new Map([
  ...Object.values(loadScripts()).map(({ sha1, name }) => [sha1, name as string] as const),
  ...readdirSync(CLUSTER_SCRIPTS).map((file) => {
    const sha1 = createHash('sha1').update(readFileSync(new URL(file, CLUSTER_SCRIPTS)))
    return [sha1.digest('hex'), file.replace('.lua', '')] as const
  }),
])

const all = range(1, CLIENTS * SUBSCRIPTIONS * IDENTIFIERS).map((n) => `device:${n}`)
const LONGER = ['--max-recipients-per-push', String(all.length)]

/** Everything that a gateway does with its store, at the sizes that it allows. */
async function useAll(gateway: GatewayAddress, round: number): Promise<void> {
  const ask = async (query: string, variables: Record<string, unknown>) => {
    const { errors } = await graphqlRequest(gateway, query, variables)
    expect(errors).toBeUndefined()
  }
  const listen = async () => {
    const clients: RawClient[] = []
    for (let c = 0; c < CLIENTS; c++) {
      const client = await RawClient.connect(gateway, { connectionParams: { clientKey: `phone-${c}` } })
      clients.push(client)
      for (let s = 0; s < SUBSCRIPTIONS; s++) {
        const first = (c * SUBSCRIPTIONS + s) * IDENTIFIERS
        await client.subscribe(`${s}`, all.slice(first, first + IDENTIFIERS))
      }
    }
    return clients
  }
  const leave = async (clients: readonly RawClient[]) => {
    for (const client of clients) await client[Symbol.asyncDispose]()
  }
  const first = await listen()
  for (const size of SIZES) {
    for (let n = 0; n < PUSHES; n++) await push(gateway, { to: all.slice(0, size), payload: PAYLOAD })
  }
  await push(gateway, { everyone: true, payload: PAYLOAD })
  await leave(first)
  // Stored while nobody is there, and read by those who come back.
  for (const size of SIZES) await push(gateway, { to: all.slice(0, size), payload: PAYLOAD })
  const second = await listen()
  await push(gateway, { to: all, payload: PAYLOAD, delaySeconds: 1, id: `later-${round}` })
  await push(gateway, { to: all, payload: PAYLOAD, delaySeconds: 3_600, id: `cancelled-${round}` })
  await ask('mutation ($id: ID!) { cancelPush(id: $id) }', { id: `cancelled-${round}` })
  await ask('query ($of: [ID!]!) { presence(identifiers: $of) { online } }', { of: all.slice(0, 1_000) })
  await ask('query ($of: ID!) { inbox(identifier: $of, last: 1000) { cursor } }', { of: all[0] })
  for (const client of second) {
    while ((await client.nextMessage('0')).id !== `later-${round}`);
  }
  await leave(second)
}

interface Call {
  /** Of the script: keys and values. */
  readonly size: number
  readonly microseconds: number
}

/** Each call since the last time, by script. */
async function callsOn(nodes: readonly Redis[]): Promise<Map<string, Call[]>> {
  const calls = new Map<string, Call[]>()
  for (const node of nodes) {
    const entries = (await node.slowlog('GET', 1_000_000)) as [number, number, number, string[]][]
    for (const [, , microseconds, args] of entries) {
      const [command, sha1 = ''] = args
      if (command?.toLowerCase() !== 'evalsha') continue
      const more = /^\.\.\. \((\d+) more arguments\)$/.exec(args.at(-1) ?? '')
      const size = args.length + Number(more?.[1] ?? 0)
      const name = names.get(sha1) ?? sha1
      calls.set(name, [...(calls.get(name) ?? []), { size, microseconds }])
    }
  }
  return calls
}

async function standalone() {
  const redis = await startRedis()
  return { url: redis.url, urls: [redis.url], stop: () => redis[Symbol.asyncDispose]() }
}

async function cluster() {
  const redis = await startRedisCluster({ replicasPerMaster: 0 })
  return {
    url: redis.url,
    urls: redis.nodes.map(({ server }) => server.url),
    stop: () => redis[Symbol.asyncDispose](),
  }
}

test.each([
  ['one Redis', standalone],
  ['a Cluster', cluster],
])('no script keeps %s busy for 10 ms', async (what, start) => {
  const { url, urls, stop } = await start()
  const nodes = urls.map((each) => new Redis(each))
  const calls = new Map<string, Call[]>()
  try {
    await using gateway = await startGatewayProcess({
      args: ['--redis', url, ...LONGER, '--log-level', 'error'],
    })
    for (const node of nodes) {
      await node.config('SET', 'slowlog-max-len', '1000000')
      await node.config('SET', 'slowlog-log-slower-than', '0')
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const node of nodes) await node.slowlog('RESET')
      await useAll(gateway, round)
      for (const [name, each] of await callsOn(nodes)) calls.set(name, [...(calls.get(name) ?? []), ...each])
    }
  } finally {
    for (const node of nodes) node.disconnect()
    await stop()
  }
  console.info(`scripts on ${what}, the largest tenth of the calls of each`)
  const summaries = new Map([...calls].map(([name, each]) => [name, summaryOf(each)]))
  console.table(Object.fromEntries(summaries))
  for (const name of ['publish', 'schedule', 'deliver', 'attach', 'detach', 'confirm', 'read', 'presence']) {
    expect(summaries.has(name), `${name} ran`).toBe(true)
  }
  for (const [name, { medianMicroseconds }] of summaries)
    expect(medianMicroseconds, name).toBeLessThan(MAX_MICROSECONDS)
})

/** A call during which Redis was not scheduled counts as long: so the median, of those that do most. */
function summaryOf(calls: readonly Call[]) {
  const bySize = [...calls].sort((one, other) => other.size - one.size)
  const largest = bySize.slice(0, Math.max(1, Math.ceil(calls.length / 10)))
  const times = largest.map(({ microseconds }) => microseconds).sort((one, other) => one - other)
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] as number
  return {
    calls: calls.length,
    arguments: bySize[0]?.size,
    medianMicroseconds: at(0.5),
    ninetiethMicroseconds: at(0.9),
    longestMicroseconds: Math.max(...calls.map(({ microseconds }) => microseconds)),
  }
}
