import { interleave, openBursts } from '../measure.mjs'

export const title = 'Hot client: one subscription of 100 identifiers'
export const about =
  'Each push names all 100, 4 pushers; offered as fast as the server answers, to see what is above 20,000 messages/s.'
export const targets = ['≥ 20,000/s', '≥ 5 × docs-stack']

const COMPARED = ['cloudpush', 'bridge', 'docs-stack']
const IDENTIFIERS = 100
/** An inbox keeps 1,000 messages. */
const MOST_PUSHES = 900

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => COMPARED.includes(name))
      .map((peer) => ({
        peer,
        open: () =>
          openBursts(
            { peer, subscribers: 1, identifiers: IDENTIFIERS, holdAll: true, loadProcesses: 1 },
            { '4 pushers': { connections: 4, perPush: IDENTIFIERS } },
            { most: MOST_PUSHES },
          ),
      })),
  )
}
