import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRedisBroker } from '../../src/broker/redis/broker.ts'
import type { RedisSource } from '../../src/broker/redis/client.ts'
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts'
import { attach, Ear, LIMITS, newPush } from '../support/conformance/broker/world.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { freePort, type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let authority: Authority
let stranger: Authority
let server: Certificate
let client: Certificate

beforeAll(async () => {
  ;[authority, stranger] = await Promise.all([createAuthority(), createAuthority()])
  ;[server, client] = await Promise.all([authority.issue('server'), authority.issue('client')])
})

afterAll(async () => {
  await authority[Symbol.asyncDispose]()
  await stranger[Symbol.asyncDispose]()
})

/** A server that takes TLS, with certificates of ours only, besides its plain port for the test's own questions. */
async function startTlsRedis(more: readonly string[] = [], config?: string) {
  const tlsPort = await freePort()
  const { cert, key } = server
  const tls = ['--tls-port', String(tlsPort), '--tls-ca-cert-file', authority.ca]
  const args = [...tls, '--tls-cert-file', cert, '--tls-key-file', key, ...more]
  const redis = await startRedis(config === undefined ? { args } : { args, config })
  return { redis, tlsPort }
}

function sourceOf(url: string): RedisSource {
  const read = (path: string) => readFileSync(path, 'utf8')
  return { url, tls: { ca: read(authority.ca), cert: read(client.cert), key: read(client.key) } }
}

async function carriesPushes(source: RedisSource): Promise<void> {
  const broker = createRedisBroker({ ...source, prefix: 'tls', replicaId: 'a', limits: LIMITS })
  try {
    const ear = new Ear()
    await vi.waitUntil(
      () =>
        broker.listen(ear).then(
          () => true,
          () => false,
        ),
      LIMIT,
    )
    await attach({ id: 'a', broker, ear }, 'alice')
    await broker.publish(newPush('alice'))
    await vi.waitUntil(() => ear.offsets('alice').length === 1, LIMIT)
  } finally {
    await broker[Symbol.asyncDispose]()
  }
}

test.concurrent('a replica on rediss:// with an authority and a certificate of its own carries pushes', async () => {
  const { redis, tlsPort } = await startTlsRedis()
  await using _redis = redis
  const files = ['--redis-ca', authority.ca, '--redis-cert', client.cert, '--redis-key', client.key]
  await using replica = await startGatewayProcess({
    args: ['--redis', `rediss://127.0.0.1:${tlsPort}`, ...files],
  })
  await using listener = await RawClient.connect(replica)
  await listener.subscribe('1', ['alice'])
  await push(replica, { to: ['alice'], payload: 'hi' })
  expect(await listener.expect('next', '1')).toMatchObject({
    payload: { data: { messages: { payload: 'hi' } } },
  })
  // Nothing of it came over the plain port.
  const asker = new Redis(redis.url)
  expect(await asker.client('LIST')).not.toMatch(new RegExp(`laddr=127.0.0.1:${redis.port} .*name=cloudpush`))
  asker.disconnect()
})

test.concurrent.each([
  ['an authority that Redis is not of', () => ['--redis-ca', stranger.ca], /--redis-ca/],
  ['no authority named', () => [], /--redis-ca/],
  ['no certificate of ours', () => ['--redis-ca', authority.ca], /--redis-cert and --redis-key/],
])('with %s the replica says what to do, and is not ready', async (_what, files, advice) => {
  const { redis, tlsPort } = await startTlsRedis()
  await using _redis = redis
  await using replica: GatewayProcess = await startGatewayProcess({
    args: ['--redis', `rediss://127.0.0.1:${tlsPort}`, ...files()],
  })
  await vi.waitUntil(() => advice.test(replica.output()), LIMIT)
  expect((await fetch(`${replica.url}/readyz`)).status).toBe(503)
})

test.concurrent('TLS to the Sentinels, and to the master that they name', async () => {
  const master = await startTlsRedis(['--tls-replication', 'yes'])
  await using _master = master.redis
  const watch = `sentinel monitor main 127.0.0.1 ${master.tlsPort} 1`
  const sentinel = await startTlsRedis(['--sentinel', '--tls-replication', 'yes'], watch)
  await using _sentinel = sentinel.redis
  await carriesPushes(sourceOf(`rediss+sentinel://127.0.0.1:${sentinel.tlsPort}/main`))
})

test.concurrent('TLS to the nodes of a Cluster', async () => {
  const { redis, tlsPort } = await startTlsRedis(['--cluster-enabled', 'yes', '--tls-cluster', 'yes'])
  await using node: RedisServer = redis
  const asker = new Redis(node.url)
  await asker.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  await vi.waitUntil(async () => String(await asker.cluster('INFO')).includes('cluster_state:ok'), LIMIT)
  asker.disconnect()
  await carriesPushes(sourceOf(`rediss+cluster://127.0.0.1:${tlsPort}`))
})
