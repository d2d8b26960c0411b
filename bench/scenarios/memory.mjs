import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openArena } from '../arena.mjs'
import { interleave } from '../measure.mjs'
import { cpuMicroseconds, residentBytes } from '../processes.mjs'

export const title = 'Idle: 15,000 subscribed sessions, an identifier each'
export const about =
  'Resident memory of the server over that before they came, per session: as it settles, and after a full collection. ' +
  'A new process for each run; two runs at most.'
export const targets = ['≤ 10 KB', '≤ 0.5 × docs-stack’s', 'connecting: ≥ 1.5 × docs-stack’s rate']
const COMPARED = ['cloudpush', 'bridge', 'docs-stack']
const COLLECT = fileURLToPath(new URL('../collect-garbage.mjs', import.meta.url))
const SETTLE_MS = 1_000
const MOST_RUNS = 2

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(1, Math.round(15_000 * bench.size))
  const measure = async (peer) => {
    const arena = await openArena({
      peer,
      subscribers,
      identifiers: subscribers,
      loadProcesses: bench.loadProcesses,
      nodeArgs: ['--expose-gc', '--import', COLLECT],
    })
    try {
      const [{ pid }] = arena.servers
      const collected = async () => {
        process.kill(pid, 'SIGUSR2')
        return settled(pid)
      }
      const empty = await collected()
      const cpuBefore = cpuMicroseconds(pid)
      const microseconds = await arena.connect()
      const cpu = cpuMicroseconds(pid) - cpuBefore
      const resident = await settled(pid)
      const kept = await collected()
      // That they were subscribed is shown last: the messages would be part of the memory.
      await arena.probe()
      return {
        sessionsPerSecond: subscribers / (microseconds / 1e6),
        serverCpuPerSession: cpu / subscribers,
        kilobytesSettled: (resident - empty) / subscribers / 1024,
        kilobytesCollected: (kept - empty) / subscribers / 1024,
      }
    } finally {
      await arena.close()
    }
  }
  return interleave(
    { ...bench, runs: Math.min(bench.runs, MOST_RUNS) },
    bench.peers
      .filter(({ name }) => COMPARED.includes(name))
      .map((peer) => ({
        peer,
        open: async () => ({ variants: { [`${subscribers} sessions`]: () => measure(peer) } }),
      })),
  )
}

/** Resident bytes once the process has come to rest. */
async function settled(pid) {
  let cpu = -1
  do {
    cpu = cpuMicroseconds(pid)
    await wait(SETTLE_MS)
    // A sweep here and there goes on for ever; 3 % of one processor is rest.
  } while (cpuMicroseconds(pid) - cpu > SETTLE_MS * 30)
  return residentBytes(pid)
}
