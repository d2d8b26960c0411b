// What the scenarios share: peers opened side by side, bursts of about one second, runs interleaved.
import { openArena } from './arena.mjs'
import { mediansOf } from './statistics.mjs'

/** How long one measured burst should take at the rate seen before. */
const BURST_SECONDS = 0.8

/**
 * @typedef {object} Bench what a scenario is given
 * @property {import('./peers.mjs').Peer[]} peers that run here and were asked for
 * @property {number} runs
 * @property {number} size multiplies the number of subscribers
 * @property {(text: string) => void} progress
 * @property {(peer: string, reason: string) => void} failed
 * @property {number} loadProcesses
 *
 * @typedef {object} Row one line of a scenario's table
 * @property {string} variant
 * @property {string} peer
 * @property {Record<string, number>} medians
 * @property {Record<string, number>[]} runs
 */

/**
 * Measures variants of peers, A B C A B C …, so that whatever else the machine does falls on all of them alike. A peer
 * that fails is told and left out; the others go on.
 *
 * @param {Bench} bench
 * @param {{ variant: string, peer: import('./peers.mjs').Peer, open: () => Promise<Entry> }[]} entries
 * @returns {Promise<Row[]>}
 *
 * @typedef {{ run: () => Promise<Record<string, number>>, close: () => Promise<unknown> }} Entry
 */
export async function interleave(bench, entries) {
  const open = []
  for (const { variant, peer, open: start } of entries) {
    bench.progress(`${peer.name} ${variant}: starting`)
    await attempt(bench, peer, async () => open.push({ variant, peer, runs: [], ...(await start()) }))
  }
  for (let i = 0; i < bench.runs; i++) {
    for (const entry of open) {
      if (entry.runs.length < i) continue
      bench.progress(`${entry.peer.name} ${entry.variant}: run ${i + 1} of ${bench.runs}`)
      await attempt(bench, entry.peer, async () => entry.runs.push(await entry.run()))
    }
  }
  for (const { close } of open) await close()
  return open
    .filter(({ runs }) => runs.length > 0)
    .map(({ variant, peer, runs }) => ({ variant, peer: peer.name, medians: mediansOf(runs), runs }))
}

async function attempt(bench, peer, work) {
  try {
    await work()
  } catch (error) {
    bench.failed(peer.name, error.message)
  }
}

/**
 * One peer with subscribers connected, every burst calibrated by the one before.
 *
 * @param {import('./arena.mjs').ArenaOptions} arenaOptions
 * @param {{ perPush?: number, connections?: number, via?: 'http' | 'websocket' }} push
 * @param {{ first?: number, multiple?: number, most?: number }} [count] pushes of the first burst; of what the number of
 *   pushes must be a multiple, so that it says how many deliveries there will be; at most
 */
export async function openBursts(arenaOptions, push, { first = 10, multiple = 1, most = Infinity } = {}) {
  const arena = await openArena(arenaOptions)
  try {
    await arena.connect()
    await arena.probe()
    let count = first
    const run = async () => {
      const result = await arena.burst({ ...push, count })
      const wanted = result.pushesPerSecond * BURST_SECONDS
      // Growing step by step: the first bursts run cold code.
      const next = Math.min(most, wanted, count * 4)
      count = Math.max(multiple, Math.ceil(next / multiple) * multiple)
      return result
    }
    for (let i = 0; i < 3; i++) await run()
    return { run, close: arena.close, arena }
  } catch (error) {
    await arena.close()
    throw error
  }
}
