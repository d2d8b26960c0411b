// What the scenarios share: peers opened side by side, bursts of about one second, runs interleaved.
import { openArena } from './arena.mjs'
import { mediansOf } from './statistics.mjs'

/** How long one measured burst should take at the rate seen before. */
const BURST_SECONDS = 0.6
const WARMING_BURSTS = 3

/**
 * @typedef {object} Bench what a scenario is given
 * @property {import('./peers.mjs').Peer[]} peers that run here and were asked for
 * @property {number} runs
 * @property {number} size multiplies the number of subscribers
 * @property {(text: string) => void} progress
 * @property {(peer: string, reason: string) => void} failed
 * @property {number} loadProcesses
 * @property {() => boolean} isLate whether the scenario's share of the time is used up
 *
 * @typedef {object} Row one line of a scenario's table
 * @property {string} variant
 * @property {string} peer
 * @property {Record<string, number>} medians
 * @property {Record<string, number>[]} runs
 */

/**
 * Measures peers and their variants, A B C A B C …, so that whatever else the machine does falls on all of them alike. A
 * peer that fails is told and left out; the others go on. Past the scenario's time no further round begins.
 *
 * @param {Bench} bench
 * @param {{ peer: import('./peers.mjs').Peer, open: () => Promise<Entry> }[]} entries
 * @returns {Promise<Row[]>}
 *
 * @typedef {{ variants: Record<string, () => Promise<Record<string, number>>>, close?: () => Promise<unknown> }} Entry
 */
export async function interleave(bench, entries) {
  const open = []
  const lines = []
  for (const { peer, open: start } of entries) {
    bench.progress(`${peer.name}: starting`)
    await attempt(bench, peer, async () => {
      const entry = await start()
      open.push(entry)
      for (const [variant, run] of Object.entries(entry.variants))
        lines.push({ peer, variant, run, runs: [] })
    })
  }
  for (let round = 1; round <= bench.runs; round++) {
    if (round > 1 && bench.isLate()) break
    for (const line of lines) {
      // One that failed before does not come again.
      if (line.runs.length < round - 1) continue
      bench.progress(`${line.peer.name} ${line.variant}: run ${round} of ${bench.runs}`)
      await attempt(bench, line.peer, async () => line.runs.push(await line.run()))
    }
  }
  for (const { close } of open) await close?.()
  return lines
    .filter(({ runs }) => runs.length > 0)
    .map(({ variant, peer, runs }) => ({ variant, peer: peer.name, medians: mediansOf(runs), runs }))
    .sort((a, b) => variants(lines).indexOf(a.variant) - variants(lines).indexOf(b.variant))
}

function variants(lines) {
  return lines.map(({ variant }) => variant)
}

async function attempt(bench, peer, work) {
  try {
    await work()
  } catch (error) {
    bench.failed(peer.name, error.message)
  }
}

/**
 * One peer with subscribers connected, and a measured burst for each way of pushing, calibrated by the one before.
 *
 * @param {import('./arena.mjs').ArenaOptions} arenaOptions
 * @param {Record<string, { perPush?: number, connections?: number, via?: 'http' | 'websocket' }>} pushes by variant
 * @param {{ first?: number, multiple?: number, most?: number }} [count] pushes of the first burst; of what the number of
 *   pushes must be a multiple, so that it says how many deliveries there will be; at most
 * @returns {Promise<Entry & { servers: { port: number }[] }>}
 */
export async function openBursts(arenaOptions, pushes, { first = 10, multiple = 1, most = Infinity } = {}) {
  const arena = await openArena(arenaOptions)
  try {
    await arena.connect()
    await arena.probe()
    const variants = {}
    for (const [variant, push] of Object.entries(pushes)) {
      let count = first
      const run = async () => {
        const result = await arena.burst({ ...push, count })
        // Growing step by step: the first bursts run cold code.
        const next = Math.min(most, result.pushesPerSecond * BURST_SECONDS, count * 4)
        count = Math.max(multiple, Math.ceil(next / multiple) * multiple)
        return result
      }
      for (let i = 0; i < WARMING_BURSTS; i++) await run()
      variants[variant] = run
    }
    return { variants, servers: arena.servers, close: arena.close }
  } catch (error) {
    await arena.close()
    throw error
  }
}
