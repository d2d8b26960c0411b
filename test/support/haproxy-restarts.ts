import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { startGatewayProcess } from './gateway.ts'
import { startHaproxy } from './haproxy.ts'
import { type LoadResult, LoadRun } from './load-run.ts'
import { freePort, startRedis } from './redis.ts'

const CLIENTS_PER_KIND = 150 // 600 of the four kinds
const PART_MESSAGES = 5_000 // some 0.6 seconds of load
const POLL = { timeout: 30_000, interval: 50 }

/** One connection of a client, as its socket saw it. Times in ms. */
interface Connected {
  readonly openedAt: number
  replicaId: string | null
  closed: { readonly code: number; readonly at: number } | null
}

/** A WebSocket that writes down which replica it reached, from the `connection_ack` that passes by. */
function recordingWebSocket(connections: Connected[]) {
  return class extends WebSocket {
    constructor(...options: ConstructorParameters<typeof WebSocket>) {
      super(...options)
      const connection: Connected = { openedAt: performance.now(), replicaId: null, closed: null }
      connections.push(connection)
      this.on('message', (data) => {
        if (connection.replicaId !== null) return
        const { type, payload } = JSON.parse(data.toString()) as {
          type: string
          payload?: { replica: { id: string } }
        }
        if (type === 'connection_ack') connection.replicaId = payload?.replica.id ?? null
      })
      this.on('close', (code) => {
        connection.closed = { code, at: performance.now() }
      })
    }
  }
}

/** As `restartDirect`, with HAProxy before the replicas. */
export async function restartBehindHaproxy(): Promise<LoadResult> {
  await using redis = await startRedis()
  const ports = [await freePort(), await freePort()]
  const agentPorts = [await freePort(), await freePort()]
  const start = (n: number) =>
    startGatewayProcess({
      args: [
        ...['--redis', redis.url, '--log-level', 'warn', '--drain-seconds', '2'],
        ...['--port', String(ports[n]), '--agent-port', String(agentPorts[n])],
      ],
    })
  const replicas = await Promise.all([start(0), start(1)])
  await using _all = {
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica[Symbol.asyncDispose]()
    },
  }
  await using haproxy = await startHaproxy(
    ports.map((port, n) => ({ port, agentPort: agentPorts[n] as number })),
  )
  const bothTake = async () => {
    const servers = await haproxy.servers()
    return servers.every(({ status, weight }) => status.startsWith('UP') && weight > 0)
  }
  await expect.poll(bothTake, POLL).toBe(true)

  const connections: Connected[] = []
  await using load = await LoadRun.start({
    clientUrls: [haproxy.wsUrl],
    replicas: [haproxy],
    clientsPerKind: CLIENTS_PER_KIND,
    webSocketImpls: [recordingWebSocket(connections)],
  })
  const clients = connections.length
  expect(clients).toBe(4 * CLIENTS_PER_KIND)
  /** Before a replica goes, all are in. */
  const everybodyReceives = async () => {
    const isIn = ({ replicaId, closed }: Connected) => replicaId !== null && closed === null
    await expect.poll(() => connections.filter(isIn).length, POLL).toBe(clients)
    await load.allReceiving()
    await load.received(PART_MESSAGES)
  }
  await everybodyReceives()
  const told = new Map<string, number>()
  for (const n of [0, 1]) {
    const leaving = replicas[n] as (typeof replicas)[0]
    const held = connections.filter(({ closed }) => closed === null)
    const toldAt = performance.now()
    leaving.kill('SIGTERM')
    expect(await leaving.exited).toEqual({ code: 0, signal: null })
    const moved = held.filter(({ closed }) => closed !== null)
    expect(moved.length).toBeGreaterThan(0)
    for (const { replicaId } of moved) told.set(replicaId ?? 'none', toldAt)
    replicas[n] = await start(n)
    await expect.poll(bothTake, POLL).toBe(true)
    await everybodyReceives()
  }
  const result = await load.finish()
  console.info('rolling restart behind HAProxy', { ...result, connections: connections.length })
  expect(result.violations).toEqual([])
  // Two replicas were restarted; each connection that ended was told to go by one of them, and was there before.
  expect([...told.keys()]).toHaveLength(2)
  const ended = connections.filter(({ closed }) => closed !== null)
  for (const { replicaId, openedAt, closed } of ended) {
    expect(closed?.code).toBe(1012)
    expect(openedAt).toBeLessThan(told.get(replicaId ?? 'none') ?? 0)
  }
  expect(connections.length).toBe(clients + ended.length)
  expect(result.reconnects).toBe(ended.length)
  return result
}
