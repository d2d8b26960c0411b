import { interleave, openBursts } from '../measure.mjs'

export const title = 'Hot client: one subscription of 100 identifiers'
export const about =
  'Each push names all 100, 4 pushers; offered as fast as the server answers, which is above 20,000 messages/s.'
export const targets = ['≥ 5 × docs-stack']
const peers = ['cloudpush', 'bridge', 'docs-stack', 'apollo']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => peers.includes(name))
      .map((peer) => ({
        variant: '4 pushers',
        peer,
        open: () =>
          openBursts(
            { peer, subscribers: 1, identifiers: 100, holdAll: true, loadProcesses: 1 },
            { connections: 4, perPush: 100 },
            { most: 900 },
          ),
      })),
  )
}
