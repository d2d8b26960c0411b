import { openArena } from '../arena.mjs'
import { interleave } from '../measure.mjs'
import { percentile } from '../statistics.mjs'

export const title = 'Latency at 5,000 deliveries/s'
export const about =
  '10 rooms of 100 subscribers, 50 pushes/s, from when a push was due to when a subscriber read it, ms. The pushers wait ' +
  'for nobody (open loop).'
export const targets = ['p99 ≤ 0.5 × docs-stack’s']
const COMPARED = ['cloudpush', 'bridge', 'docs-stack']
const PUSHES_PER_SECOND = 50
const PUSHES = 75
const ROOMS = 10

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(ROOMS, Math.round((1000 * bench.size) / ROOMS) * ROOMS)
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => COMPARED.includes(name))
      .map((peer) => ({
        peer,
        async open() {
          const arena = await openArena({
            peer,
            subscribers,
            identifiers: ROOMS,
            loadProcesses: bench.loadProcesses,
          })
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
          const variant = `${(subscribers / ROOMS) * PUSHES_PER_SECOND}/s`
          return { variants: { [variant]: measure }, close: arena.close }
        },
      })),
  )
}
