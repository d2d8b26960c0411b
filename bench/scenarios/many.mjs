import { interleave, openBursts } from '../measure.mjs'

export const title = 'Many: each push names 1,000 identifiers, one subscriber each'
export const about = '4 pushers with a request each on its way.'
export const targets = ['≥ 4 × docs-stack']

const COMPARED = ['cloudpush', 'bridge', 'docs-stack']
/** An inbox keeps 1,000 messages. */
const MOST_PUSHES = 500

/**
 * @param {import('../measure.mjs').Bench} bench
 * @param {Partial<import('../arena.mjs').ArenaOptions> & { peer: import('../peers.mjs').Peer }} arena
 */
export function open(bench, arena) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  return openBursts(
    { subscribers, identifiers: subscribers, loadProcesses: bench.loadProcesses, ...arena },
    { '4 pushers': { connections: 4, perPush: subscribers } },
    { most: MOST_PUSHES },
  )
}

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const compared = bench.peers.filter(({ name }) => COMPARED.includes(name))
  return interleave(
    bench,
    compared.map((peer) => ({ peer, open: () => open(bench, { peer }) })),
  )
}
