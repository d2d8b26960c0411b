import { openArena } from '../arena.mjs'
import { interleave, openBursts } from '../measure.mjs'
import { GATEWAY } from '../peers.mjs'
import { percentile } from '../statistics.mjs'

export const title =
  'Gateway: subscribers through `cloudpush gateway`, beside the same subscribers at the replica'
export const about =
  'Pushes go to the replica in both cases. First the fan-out of a room of 1,000, then the latency at 1,000 deliveries/s ' +
  'over 500 sessions, from when a push was due to when a subscriber read it, ms.'
export const targets = ['fan-out ≥ 0.5 × direct', 'p50 ≤ direct + 1 ms']
export const references = ['cloudpush']

const PUSHES_PER_SECOND = 20
const PUSHES = 40
const ROOMS = 10
/** An inbox keeps 1,000 messages. */
const MOST_PUSHES = 500

/** @param {import('../measure.mjs').Bench} bench */
export async function run(bench) {
  const direct = bench.peers.find(({ name }) => name === 'cloudpush')
  if (!direct) return []
  const ways = [
    { peer: direct, options: {} },
    { peer: { ...direct, name: GATEWAY.name }, options: { door: GATEWAY } },
  ]
  const scaled = (subscribers) => Math.max(ROOMS, Math.round((subscribers * bench.size) / ROOMS) * ROOMS)
  const { loadProcesses } = bench
  const rooms = ways.map(({ peer, options }) => ({
    peer,
    open: () =>
      openBursts(
        { peer, subscribers: scaled(1000), identifiers: 1, loadProcesses, ...options },
        { 'room, 8 pushers': { connections: 8 }, 'room, 1 pusher': { connections: 1 } },
        { most: MOST_PUSHES },
      ),
  }))
  const latencies = ways.map(({ peer, options }) => ({
    peer,
    open: () =>
      openLatency({ peer, subscribers: scaled(500), identifiers: ROOMS, loadProcesses, ...options }),
  }))
  return interleave(bench, [...rooms, ...latencies])
}

async function openLatency(options) {
  const arena = await openArena(options)
  await arena.connect()
  await arena.probe()
  const measure = async () => {
    const { latencies, ...result } = await arena.burst({
      count: PUSHES,
      ratePerSecond: PUSHES_PER_SECOND,
      connections: 16,
      latency: true,
    })
    return {
      ...result,
      p50Milliseconds: percentile(latencies, 0.5) / 1000,
      p99Milliseconds: percentile(latencies, 0.99) / 1000,
    }
  }
  await measure()
  return { variants: { '1,000/s': measure }, close: arena.close }
}
