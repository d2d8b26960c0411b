import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from './redis.ts'

/** A real Redis Cluster: three masters with replicas, every one a process of its own on the loopback. */
export interface RedisCluster extends AsyncDisposable {
  /** `redis+cluster://` with two of the nodes. */
  readonly url: string
  readonly nodes: readonly ClusterNode[]
  /** The master that has the slot, as the others see it. */
  masterOf(slot: number): Promise<ClusterNode>
  /** Kills the master that has the slot; resolves when one of its replicas has taken its place. */
  failOver(slot: number): Promise<Failover>
  /** Starts one more master, without slots, and as many replicas of it as the others have, and lets them join. */
  addMaster(): Promise<ClusterNode>
  /** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
  migrate(slot: number, to: ClusterNode): Promise<void>
  /** Resolves when every slot is served again and every living node agrees. */
  settled(): Promise<void>
}

export interface ClusterNode {
  readonly server: RedisServer
  /** For the test's own questions. */
  readonly client: Redis
}

/** Times, ms since 1970. */
export interface Failover {
  readonly killedAt: number
  readonly takenOverAt: number
}

export interface RedisClusterOptions {
  /** A master that is silent for so long is replaced. */
  readonly nodeTimeoutMs?: number // default 2,000
  readonly replicasPerMaster?: number // default 1
}

const SLOTS = 16_384
const MASTERS = 3
const LIMIT_MS = 60_000 // 60 seconds
const STEP_MS = 50
const KEYS_PER_MOVE = 100
const MOVE_LIMIT_MS = 5_000

export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { nodeTimeoutMs = 2_000, replicasPerMaster = 1 } = options
  const nodes: ClusterNode[] = []

  async function startNode(): Promise<ClusterNode> {
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs)]
    // An append-only file, since a node that restarts may have to take its own data.
    args.push('--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0')
    const server = await startRedis({ appendOnly: true, args })
    const client = new Redis(server.url, { maxRetriesPerRequest: 1 })
    client.on('error', () => {
      // Tests kill nodes on purpose.
    })
    const node = { server, client }
    nodes.push(node)
    return node
  }

  const living = () => nodes.filter(({ server }) => server.pid !== undefined)

  async function until(what: string, check: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    while (!(await check().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`The Cluster never came so far that ${what}.`)
      await delay(STEP_MS)
    }
  }

  /** Every living node sees so many masters with slots, and nothing amiss. */
  const settled = () =>
    until('all slots are served', async () => {
      const views = await Promise.all(living().map(({ client }) => slotsOf(client)))
      const whole = views.every((view) => view.length === SLOTS && view.every((port) => port !== undefined))
      const states = await Promise.all(living().map(({ client }) => client.cluster('INFO')))
      return (
        whole &&
        new Set(views.map((view) => view.join())).size === 1 &&
        states.every((state) => /cluster_state:ok/.test(String(state)))
      )
    })

  async function meet(...newNodes: readonly ClusterNode[]): Promise<void> {
    const [first] = nodes as [ClusterNode]
    for (const { client } of newNodes) await client.cluster('MEET', '127.0.0.1', first.server.port)
    await until('all know each other', async () => {
      const known = await Promise.all(living().map(({ client }) => client.cluster('NODES')))
      return known.every(
        (text) =>
          String(text).trim().split('\n').length === nodes.length && !/handshake|noaddr/.test(String(text)),
      )
    })
  }

  /** Resolves when these are replicas of these masters in turn, and have all that they have. */
  async function follow(replicas: readonly ClusterNode[], masters: readonly ClusterNode[]): Promise<void> {
    await Promise.all(
      replicas.map(async ({ client }, index) => {
        const master = masters[index % masters.length] as ClusterNode
        await client.cluster('REPLICATE', String(await master.client.cluster('MYID')))
      }),
    )
    await until('the replicas follow', async () => {
      const infos = await Promise.all(replicas.map(({ client }) => client.info('replication')))
      return infos.every((info) => /master_link_status:up/.test(info))
    })
  }

  async function dispose(): Promise<void> {
    for (const { client } of nodes) client.disconnect()
    await Promise.all(nodes.map(({ server }) => server[Symbol.asyncDispose]()))
  }

  try {
    await Promise.all(Array.from({ length: MASTERS * (1 + replicasPerMaster) }, startNode))
    const masters = nodes.slice(0, MASTERS)
    await Promise.all(nodes.map(({ client }, index) => client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)))
    await Promise.all(
      masters.map(({ client }, index) => {
        const first = Math.floor((index * SLOTS) / MASTERS)
        const last = Math.floor(((index + 1) * SLOTS) / MASTERS) - 1
        return client.call('CLUSTER', 'ADDSLOTSRANGE', first, last)
      }),
    )
    await meet(...nodes.slice(1))
    await follow(nodes.slice(MASTERS), masters)
    await settled()
  } catch (error) {
    await dispose()
    throw error
  }

  async function masterOf(slot: number): Promise<ClusterNode> {
    for (const { client } of living()) {
      const port = (await slotsOf(client).catch(() => []))[slot]
      const node = living().find(({ server }) => server.port === port)
      if (node) return node
    }
    throw new Error(`nobody has slot ${slot}`)
  }

  return {
    url: `redis+cluster://${nodes
      .slice(0, 2)
      .map(({ server }) => `127.0.0.1:${server.port}`)
      .join(',')}`,
    nodes,
    masterOf,
    settled,
    async failOver(slot) {
      const { server } = await masterOf(slot)
      await server.kill()
      const killedAt = Date.now()
      await until('a replica has the slots of its master', async () => (await masterOf(slot)) !== undefined)
      return { killedAt, takenOverAt: Date.now() }
    },
    async addMaster() {
      const master = await startNode()
      const replicas = await Promise.all(Array.from({ length: replicasPerMaster }, startNode))
      await meet(master, ...replicas)
      await follow(replicas, [master])
      // It serves nothing before it has seen the others for a while.
      await settled()
      return master
    },
    async migrate(slot, to) {
      const from = await masterOf(slot)
      const [fromId, toId] = await Promise.all([from.client.cluster('MYID'), to.client.cluster('MYID')])
      await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId))
      await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId))
      for (;;) {
        const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_PER_MOVE)) as string[]
        if (keys.length === 0) break
        const target = ['127.0.0.1', to.server.port, '', 0, MOVE_LIMIT_MS, 'KEYS', ...keys]
        await from.client.call('MIGRATE', ...target)
      }
      // The new owner first, so that nobody is sent back and forth.
      for (const { client } of [to, from, ...living()]) {
        await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId)).catch((error: Error) => {
          // Replicas learn it from the others.
          if (!/only with masters/.test(error.message)) throw error
        })
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** By slot, the port of its master as this node sees it. */
async function slotsOf(client: Redis): Promise<(number | undefined)[]> {
  const rows = (await client.cluster('SLOTS')) as unknown as [number, number, [string, number]][]
  const ports: (number | undefined)[] = new Array(SLOTS).fill(undefined)
  for (const [first, last, [, port]] of rows) ports.fill(port, first, last + 1)
  return ports
}
