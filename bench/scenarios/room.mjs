import { interleave, openBursts } from '../measure.mjs'

export const title = 'Room: one identifier, 1,000 subscribers'
export const about =
  'Each push goes to all of them. "8 pushers" have a request each on its way, so a server may gather what several pushes ' +
  'say to one socket; "1 pusher" waits for each answer.'
export const targets = [
  '≥ 1.05 × bridge',
  '≥ 1.1 × socketio',
  '≥ 4 × docs-stack',
  'CPU per delivery ≤ bridge’s',
]

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  const entry = (peer, connections) => ({
    variant: connections === 1 ? '1 pusher' : `${connections} pushers`,
    peer,
    open: () =>
      openBursts(
        { peer, subscribers, identifiers: 1, loadProcesses: bench.loadProcesses },
        { connections },
        // An inbox keeps 1,000 messages; who is further behind would have gaps, and they are told as loss.
        { most: 500 },
      ),
  })
  return interleave(bench, [
    ...bench.peers.map((peer) => entry(peer, 8)),
    ...bench.peers.filter(({ name }) => ONE_AT_A_TIME.includes(name)).map((peer) => entry(peer, 1)),
  ])
}

const ONE_AT_A_TIME = ['cloudpush', 'bridge', 'docs-stack', 'socketio']
