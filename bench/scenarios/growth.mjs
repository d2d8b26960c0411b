import { interleave, openBursts } from '../measure.mjs'

export const title = 'Growth: 100, 1,000 and 10,000 subscribers of one room; two replicas'
export const about =
  'One load generator process per replica. On two processors, two replicas, the load and Redis share them: the load’s ' +
  'share of a processor is in the table.'
export const targets = [
  'within 20 % from 100 to 10,000',
  'two replicas ≥ 1.7 × one, where the load leaves room',
]
const peers = ['cloudpush', 'bridge']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const entry = (peer, subscribers, replicas) => ({
    variant: `${subscribers}${replicas > 1 ? `, ${replicas} replicas` : ''}`,
    peer,
    open: () =>
      openBursts(
        { peer, subscribers, identifiers: 1, replicas, loadProcesses: bench.loadProcesses },
        { connections: 8 },
        { first: Math.max(2, Math.round(10_000 / subscribers)), most: 900 },
      ),
  })
  const sizes = [100, 1000, 10_000].map((size) => Math.max(2, Math.round(size * bench.size)))
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => peers.includes(name))
      .flatMap((peer) => [...sizes.map((size) => entry(peer, size, 1)), entry(peer, sizes[1], 2)]),
  )
}
