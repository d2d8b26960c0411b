// One peer under load: its Redis, its replicas, its subscribers, and bursts of pushes that are measured to the last
// delivery.
import { cpuMicroseconds, startLoad, startPeer, startRedis, stop } from './processes.mjs'

const READY_LIMIT_MS = 60_000 // 1 minute
const BURST_LIMIT_MS = 60_000 // 1 minute
const PROBE_EVERY_MS = 200
/** One source address has about 28,000 ports to one destination. */
const PER_ADDRESS = 25_000

/**
 * @typedef {object} ArenaOptions
 * @property {import('./peers.mjs').Peer} peer
 * @property {number} subscribers
 * @property {number} identifiers how many there are; subscriber `i` holds `u<i mod identifiers>`
 * @property {boolean} [holdAll] every subscriber holds all of them instead
 * @property {number} [replicas] subscribers are spread over them evenly
 * @property {number} [loadProcesses]
 * @property {import('./peers.mjs').Peer} [door] stands between the subscribers and the replicas; pushes go past it
 * @property {readonly string[]} [nodeArgs] for the peer's process
 * @property {'standalone' | 'cluster'} [redisMode]
 */

/** @param {ArenaOptions} options */
export async function openArena({
  peer,
  subscribers,
  identifiers,
  holdAll = false,
  replicas = 1,
  loadProcesses = 2,
  door,
  nodeArgs = [],
  redisMode = 'standalone',
}) {
  const redis = await startRedis(redisMode)
  const servers = []
  for (let i = 0; i < replicas; i++) servers.push(await startPeer(peer, redis.url, nodeArgs))
  const ports = servers.map((server) => server.port)
  let subscriberPorts = ports
  if (door) {
    const opened = await startPeer(door, redis.url, nodeArgs)
    servers.push(opened)
    subscriberPorts = [opened.port]
  }
  const processes = Array.from({ length: Math.max(loadProcesses, replicas) }, () => startLoad('subscriber'))
  const pusher = startLoad('pusher')
  const states = processes.map(() => ({ ready: 0, received: 0, reached: 0, at: 0 }))
  let changed = () => {}
  let failed = null
  processes.forEach((child, index) => {
    child.on('message', ({ state, error }) => {
      if (state) states[index] = state
      if (error) failed ??= new Error(`${peer.name}: ${error}`)
      changed()
    })
  })
  const sum = (field) => states.reduce((total, state) => total + state[field], 0)
  const pids = (list) => list.map(({ pid }) => pid)
  const cpu = (list) => list.reduce((total, pid) => total + cpuMicroseconds(pid), 0)

  /** Until the condition holds; `false` when it does not in time. */
  const until = (condition, limitMs) =>
    new Promise((resolve, reject) => {
      const settle = (settleWith) => {
        clearTimeout(limit)
        changed = () => {}
        settleWith()
      }
      const limit = setTimeout(() => settle(() => resolve(false)), limitMs)
      changed = () => {
        if (failed) settle(() => reject(failed))
        else if (condition()) settle(() => resolve(true))
      }
      changed()
    })

  const order = (command) =>
    new Promise((resolve, reject) => {
      pusher.once('message', (answer) =>
        answer.error ? reject(new Error(`${peer.name}: ${answer.error}`)) : resolve(answer),
      )
      pusher.send({
        ports,
        dialect: peer.dialect,
        identifiers,
        perPush: 1,
        via: 'http',
        connections: 8,
        ...command,
      })
    })

  /** What all have received when nothing is on its way. */
  let expected = 0
  const checkNoRepeats = () => {
    if (sum('received') > expected) {
      throw new Error(`${peer.name}: ${sum('received') - expected} deliveries more than were pushed`)
    }
  }

  const all = Array.from({ length: identifiers }, (_, i) => `u${i}`)
  /** Deliveries that one push makes on average. */
  const deliveriesPerPush = (perPush) =>
    holdAll ? perPush * subscribers : (perPush * subscribers) / identifiers

  return {
    peer,
    servers,
    redis,
    /** Connects and subscribes all. Answers how long that took, µs. */
    async connect() {
      const startedAt = Number(process.hrtime.bigint() / 1000n)
      processes.forEach((child, index) => {
        const sessions = []
        for (let i = index; i < subscribers; i += processes.length) {
          sessions.push(holdAll ? all : [all[i % identifiers]])
        }
        child.send({
          command: 'connect',
          port: subscriberPorts[index % subscriberPorts.length],
          ...(subscribers > PER_ADDRESS && { localAddress: `127.0.0.${2 + index}` }),
          dialect: peer.dialect,
          sessions,
        })
      })
      if (!(await until(() => sum('ready') >= subscribers, READY_LIMIT_MS))) {
        throw new Error(
          `${peer.name}: ${sum('ready')} of ${subscribers} subscribers are ready after a minute`,
        )
      }
      return Math.max(...states.map(({ at }) => at)) - startedAt
    },

    /** Pushes to every identifier until every subscriber has had a message: only then all of them are subscribed. */
    async probe() {
      const perPush = peer.many ? Math.min(identifiers, holdAll ? 100 : 1000) : 1
      const deadline = Date.now() + READY_LIMIT_MS
      while (Date.now() < deadline) {
        await order({ count: Math.ceil(identifiers / perPush), perPush })
        if (await until(() => sum('reached') >= subscribers, PROBE_EVERY_MS)) {
          // What the earlier probes still bring is not to be counted to what comes next.
          let before = -1
          while (before !== sum('received')) {
            before = sum('received')
            await until(() => false, PROBE_EVERY_MS)
          }
          expected = before
          return
        }
      }
      throw new Error(`${peer.name}: only ${sum('reached')} of ${subscribers} subscribers receive`)
    },

    /**
     * Pushes `count` times and waits for the last delivery.
     *
     * @param {{ count: number, perPush?: number, connections?: number, via?: 'http' | 'websocket',
     *   ratePerSecond?: number, latency?: boolean }} burst
     */
    async burst({ latency = false, ...burst }) {
      const deliveries = burst.count * deliveriesPerPush(burst.perPush ?? 1)
      checkNoRepeats()
      expected += deliveries
      if (latency) for (const child of processes) child.send({ command: 'measureLatency' })
      const lists = { server: pids(servers), redis: pids(redis.children), load: pids([...processes, pusher]) }
      const before = Object.values(lists).map(cpu)
      const { startedAt, endedAt } = await order(burst)
      if (!(await until(() => sum('received') >= expected, BURST_LIMIT_MS))) {
        throw new Error(
          `${peer.name}: ${expected - sum('received')} of ${deliveries} deliveries did not come`,
        )
      }
      checkNoRepeats()
      const seconds = (Math.max(endedAt, ...states.map(({ at }) => at)) - startedAt) / 1e6
      const [server, redisCpu, load] = Object.values(lists).map((list, i) => cpu(list) - before[i])
      return {
        deliveries,
        seconds,
        deliveriesPerSecond: deliveries / seconds,
        pushesPerSecond: burst.count / seconds,
        serverCpuPerDelivery: server / deliveries,
        redisCpuPerDelivery: redisCpu / deliveries,
        loadCpuPerDelivery: load / deliveries,
        serverCpuShare: server / 1e6 / seconds,
        loadCpuShare: load / 1e6 / seconds,
        ...(latency && { latencies: await collectLatencies(processes) }),
      }
    },

    async close() {
      const peers = servers.map(({ child }) => child)
      await Promise.all([...processes, pusher, ...peers, ...redis.children].map(stop))
    },
  }
}

async function collectLatencies(processes) {
  const lists = await Promise.all(
    processes.map(
      (child) =>
        new Promise((resolve) => {
          const listen = ({ latencies }) => {
            if (!latencies) return
            child.off('message', listen)
            resolve(latencies)
          }
          child.on('message', listen)
          child.send({ command: 'latencies' })
        }),
    ),
  )
  return lists.flat().sort((a, b) => a - b)
}
