import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { runCommand } from '../support/command.ts'
import { type GatewayProcess, isReady, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, PUSH, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { SECRET, secretToken } from '../support/tokens.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let redis: RedisServer
let replica: GatewayProcess

beforeAll(async () => {
  redis = await startRedis()
  replica = await startGatewayProcess({ args: ['--redis', redis.url, '--log-level', 'warn'] })
})

afterAll(async () => {
  await replica?.[Symbol.asyncDispose]()
  await redis?.[Symbol.asyncDispose]()
})

async function openDoor(...args: string[]): Promise<GatewayProcess> {
  const door = await startGatewayProcess({ command: 'gateway', args: ['--redis', redis.url, ...args] })
  await vi.waitUntil(() => isReady(door), LIMIT)
  return door
}

it('the first SIGTERM lets the clients of a gateway go evenly, each with 1012, and serves them to the last', async () => {
  await using door = await openDoor('--drain-seconds', '2')
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(door)))
  await Promise.all(clients.map((client) => client.subscribe('1', ['glide'])))
  const closedAt: number[] = []
  const closings = clients.map(async (client) => {
    const { code } = await client.closed()
    closedAt.push(performance.now())
    return code
  })
  door.kill('SIGTERM')
  await vi.waitUntil(async () => !(await isReady(door)), LIMIT)
  await using late = await RawClient.open(door)
  expect((await late.closed()).code).toBe(1012)
  await push(replica, { to: ['glide'], payload: 'to whoever is left' })
  expect(new Set(await Promise.all(closings))).toEqual(new Set([1012]))
  expect(clients.some((client) => client.left('1').length > 0)).toBe(true)
  expect((closedAt.at(-1) ?? 0) - (closedAt[0] ?? 0)).toBeGreaterThan(1_000)
  expect(await door.exited).toEqual({ code: 0, signal: null })
})

it('a second SIGTERM ends a gateway at once', async () => {
  await using door = await openDoor('--drain-seconds', '600')
  const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.connect(door)))
  door.kill('SIGTERM')
  await vi.waitUntil(() => door.output().includes('Again to stop at once'), LIMIT)
  door.kill('SIGTERM')
  expect(await door.exited).toEqual({ code: 1, signal: null })
  for (const client of clients) await client.closed()
})

it('a gateway whose Redis is away says so, is not ready, and is ready when it is back', async () => {
  await using own = await startRedis()
  await own.stop()
  const args = ['--redis', own.url]
  await using door = await startGatewayProcess({ command: 'gateway', args })
  const reason = async () => (await (await fetch(`${door.url}/readyz`)).text()).trim()
  expect(await reason()).toBe('the replicas are not known yet: Redis cannot be reached')
  await own.restart()
  await expect.poll(reason, LIMIT).toBe('no replica accepts connections')
  await using _replica = await startGatewayProcess({ args })
  await expect.poll(reason, LIMIT).toBe('ready')
  // While it is away again, nothing changes for those who are there, nor for those who come.
  await using client = await RawClient.connect(door)
  await own.stop()
  await client.fence()
  await using another = await RawClient.connect(door)
  await another.fence()
})

it('without a Redis a gateway does not start, and says what is missing; so with a setting of replicas', async () => {
  const { code, stderr } = await runCommand(['gateway', '--capacity', '5'])
  expect(code).toBe(2)
  expect(stderr).toContain('--redis is missing: a gateway finds the replicas in the Redis that they share')
  expect(stderr).toContain('--capacity is a setting of cloudpush start; cloudpush gateway has no use for it.')
  const help = await runCommand(['gateway', '--help'])
  expect(help.code).toBe(0)
  for (const words of ['--hold-seconds', '--stall-seconds', 'CLOUDPUSH_HOLD_SECONDS', 'Examples:']) {
    expect(help.stdout).toContain(words)
  }
})

it('credentials go through a gateway as they are, over HTTP and WebSocket', async () => {
  await using guarded = await startRedis()
  const secret = ['--redis', guarded.url, '--jwt-secret', SECRET, '--log-level', 'warn']
  await using behind = await startGatewayProcess({ args: secret })
  await using door = await startGatewayProcess({ command: 'gateway', args: ['--redis', guarded.url] })
  await vi.waitUntil(() => isReady(door), LIMIT)
  const authorization = `Bearer ${await secretToken({ sub: 'ann', cloudpush: { subscribe: ['a'], push: ['a'] } })}`
  await using client = await RawClient.connect(door, { connectionParams: { authorization } })
  await client.subscribe('1', ['a'])
  const input = { to: ['a'], payload: 'through' }
  expect((await graphqlRequest(door, PUSH, { input }, { authorization })).errors).toBeUndefined()
  expect(await client.nextMessage('1')).toMatchObject({ payload: 'through' })
  for (const address of [door, behind]) {
    expect(await graphqlRequest(address, PUSH, { input })).toMatchObject({ status: 401 })
    const stranger = await RawClient.open(address)
    stranger.send({ type: 'connection_init' })
    expect((await stranger.closed()).code).toBe(4403)
  }
})

it('a gateway refuses pages of other origins, and its word counts for the replicas behind it', async () => {
  await using apart = await startRedis()
  const common = ['--redis', apart.url, '--allowed-origins', 'https://app.example', '--log-level', 'warn']
  await using _behind = await startGatewayProcess({ args: common })
  await using door = await startGatewayProcess({ command: 'gateway', args: common })
  await vi.waitUntil(() => isReady(door), LIMIT)
  await using client = await RawClient.connect(door, { headers: { origin: 'https://app.example' } })
  await client.fence()
  await expect(RawClient.open(door, { headers: { origin: 'https://evil.example' } })).rejects.toThrow('403')
  await client.fence()
})
