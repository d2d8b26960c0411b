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

const ONE_AT_A_TIME = ['cloudpush', 'bridge', 'docs-stack', 'socketio']
/** An inbox keeps 1,000 messages; who is further behind would have gaps, and they would be told as loss. */
const MOST_PUSHES = 500

/**
 * @param {import('../measure.mjs').Bench} bench
 * @param {Partial<import('../arena.mjs').ArenaOptions> & { peer: import('../peers.mjs').Peer }} arena
 */
export function open(bench, arena) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  return openBursts(
    { subscribers, identifiers: 1, loadProcesses: bench.loadProcesses, ...arena },
    {
      '8 pushers': { connections: 8 },
      ...(ONE_AT_A_TIME.includes(arena.peer.name) && { '1 pusher': { connections: 1 } }),
    },
    { most: MOST_PUSHES },
  )
}

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  return interleave(
    bench,
    bench.peers.map((peer) => ({ peer, open: () => open(bench, { peer }) })),
  )
}
