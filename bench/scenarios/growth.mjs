import { interleave, openBursts } from '../measure.mjs'

export const title = 'Growth: 100, 1,000 and 10,000 subscribers of one room; two replicas'
export const about =
  'On two processors, two replicas, the load and Redis share them: the share of a processor that the load takes is in the ' +
  'table.'
export const targets = [
  'within 20 % from 100 to 10,000',
  'two replicas ≥ 1.7 × one, where the load leaves room',
]

const SIZES = { cloudpush: [100, 1000, 10_000], bridge: [1000] }
/** An inbox keeps 1,000 messages. */
const MOST_PUSHES = 900

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const entry = (peer, size, replicas) => {
    const subscribers = Math.max(replicas, Math.round(size * bench.size))
    const variant = `${subscribers}${replicas > 1 ? `, ${replicas} replicas` : ''}`
    return {
      peer,
      open: () =>
        openBursts(
          { peer, subscribers, identifiers: 1, replicas, loadProcesses: bench.loadProcesses },
          { [variant]: { connections: 8 } },
          { first: Math.max(2, Math.round(10_000 / subscribers)), most: MOST_PUSHES },
        ),
    }
  }
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => name in SIZES)
      .flatMap((peer) => [...SIZES[peer.name].map((size) => entry(peer, size, 1)), entry(peer, 1000, 2)]),
  )
}
