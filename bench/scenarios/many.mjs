import { interleave, openBursts } from '../measure.mjs'

export const title = 'Many: each push names 1,000 identifiers, one subscriber each'
export const about = '4 pushers with a request each on its way.'
export const targets = ['≥ 4 × docs-stack']
const peers = ['cloudpush', 'bridge', 'docs-stack', 'apollo', 'mercurius']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => peers.includes(name))
      .map((peer) => ({
        variant: '4 pushers',
        peer,
        open: () =>
          openBursts(
            { peer, subscribers, identifiers: subscribers, loadProcesses: bench.loadProcesses },
            { connections: 4, perPush: subscribers },
            { most: 500 },
          ),
      })),
  )
}
