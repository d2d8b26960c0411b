import { expect, vi } from 'vitest'
import { WebSocket } from 'ws'
import { nodeWebSocket } from './clients/node-websocket.ts'
import { type GatewayAddress, type GatewayProcess, isReady, startGatewayProcess } from './gateway.ts'
import { graphqlRequest } from './graphql-request.ts'
import { LoadRun } from './load-run.ts'
import type { RedisServer } from './redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

export interface Row {
  readonly id: string
  readonly url: string
  readonly sessions: number
}

export interface LoadedCluster extends AsyncDisposable {
  readonly door: GatewayProcess
  /** Those that were there at the start. */
  readonly replicas: readonly GatewayProcess[]
  /** Resolves when all know it. */
  startReplica(): Promise<GatewayProcess>
  rows(): Promise<Row[]>
  rowOf(replica: GatewayProcess): Promise<Row>
  readonly load: LoadRun
}

/**
 * Three replicas, a gateway before them, and stock clients of all four kinds under load, half of them on Node's own
 * WebSocket, every option of theirs at its default.
 */
export async function startLoadedCluster(
  redis: RedisServer,
  { clientsPerKind, drainSeconds }: { readonly clientsPerKind: number; readonly drainSeconds: number },
): Promise<LoadedCluster> {
  const opened: AsyncDisposable[] = []
  const use = <T extends AsyncDisposable>(resource: T): T => {
    opened.push(resource)
    return resource
  }
  const args = ['--redis', redis.url, '--log-level', 'warn', '--drain-seconds', String(drainSeconds)]
  const door = use(await startGatewayProcess({ command: 'gateway', args }))
  const rows = async () =>
    (await graphqlRequest<{ replicas: Row[] }>(door, '{ replicas { id url sessions } }')).data?.replicas ?? []
  const rowOf = async ({ port }: GatewayProcess) => {
    const find = async () => (await rows()).find(({ url }) => new URL(url).port === String(port))
    return (await vi.waitUntil(find, LIMIT)) as Row
  }
  const startReplica = async () => {
    const replica = use(await startGatewayProcess({ args }))
    await vi.waitUntil(() => isReady(door), LIMIT)
    await rowOf(replica)
    return replica
  }
  const replicas: GatewayProcess[] = []
  for (let n = 0; n < 3; n++) replicas.push(await startReplica())
  const load = use(
    await LoadRun.start({
      clientUrls: [door.wsUrl],
      replicas: [door],
      behindGateway: true,
      webSocketImpls: [WebSocket, nodeWebSocket],
      clientsPerKind,
      identifiers: 4 * clientsPerKind,
      identifiersPerClient: 1,
    }),
  )
  return {
    door,
    replicas,
    startReplica,
    rows,
    rowOf,
    load,
    async [Symbol.asyncDispose]() {
      for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
    },
  }
}

export interface Kill {
  /** Sessions that it had. */
  readonly sessions: number
  /** By how many seconds, which share of them was at another replica. */
  readonly shares: Readonly<Record<string, number>>
  shareWithin(seconds: number): number
  /** From its death until it is in no list any more. */
  readonly forgottenMs: number
}

/** Kills a replica with -9 and waits until all its sessions have a new home and nobody knows it any more. */
export async function killReplica(
  { door, rows, rowOf }: LoadedCluster,
  replica: GatewayProcess,
): Promise<Kill> {
  const { id } = await rowOf(replica)
  const before = await readDoor(door)
  replica.kill('SIGKILL')
  const killedAt = performance.now()
  await vi.waitUntil(async () => (await readDoor(door)).rehomings > before.rehomings, LIMIT)
  await expect.poll(async () => isSettled(await readDoor(door)), LIMIT).toBe(true)
  const after = await readDoor(door)
  await vi.waitUntil(async () => !(await rows()).some((row) => row.id === id), LIMIT)
  const forgottenMs = performance.now() - killedAt
  const within = (seconds: number) => after.rehomedWithin(seconds) - before.rehomedWithin(seconds)
  const shareWithin = (seconds: number) => within(seconds) / within(10)
  const shares = Object.fromEntries([0.1, 0.25, 0.5, 1, 2.5].map((limit) => [limit, shareWithin(limit)]))
  return { sessions: within(10), shares, shareWithin, forgottenMs }
}

const isSettled = (door: DoorReadings) => door.rehomedWithin(10) === door.rehomings

/** What a front door says of itself, as Prometheus would read it. */
export interface DoorReadings {
  readonly sessions: number
  /** All together, whatever the reason. */
  readonly rehomings: number
  /** How many took so many seconds at most. */
  rehomedWithin(seconds: number): number
}

export async function readDoor({ url }: GatewayAddress): Promise<DoorReadings> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0)
  return {
    sessions: sum(/^cloudpush_gateway_sessions (\S+)$/gm),
    rehomings: sum(/^cloudpush_gateway_rehomings_total\{[^}]*\} (\S+)$/gm),
    rehomedWithin: (seconds) =>
      sum(new RegExp(`^cloudpush_gateway_rehoming_seconds_bucket\\{le="${seconds}"\\} (\\S+)$`, 'gm')),
  }
}

/** The most re-homings in any second while this watched, read several times a second. */
export class RehomingRate implements Disposable {
  readonly #readings: { at: number; count: number }[] = []
  readonly #timer: NodeJS.Timeout
  #reading = false
  most = 0

  constructor(door: GatewayAddress) {
    this.#timer = setInterval(() => {
      if (this.#reading) return
      this.#reading = true
      readDoor(door)
        .then(({ rehomings }) => this.#note(performance.now(), rehomings))
        .catch(() => {})
        .finally(() => {
          this.#reading = false
        })
    }, 200)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #note(at: number, count: number): void {
    this.#readings.push({ at, count })
    // The reading that is a second old at least: over less, the steps of a drain would count for more than they are.
    const before = this.#readings.findLast((reading) => at - reading.at >= 1_000)
    if (before) this.most = Math.max(this.most, ((count - before.count) * 1_000) / (at - before.at))
  }
}
