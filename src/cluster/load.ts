import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { createHistogram, performance } from 'node:perf_hooks'
import type { Health } from './registry.ts'

const MICROSECONDS_PER_MS = 1_000
const TICK_MS = 10
const NETWORK_FILE = '/proc/net/dev'

export interface LoadMeter extends Disposable {
  /** What was since the last reading: cheap enough for every second. */
  read(): Health
}

/** Measures this process and its host. Network rates are those of Linux; elsewhere they are 0. */
export function createLoadMeter(): LoadMeter {
  // Not `monitorEventLoopDelay`: after each reset it takes its first tick as a mere reference, so of a loop that is so late
  // that it ticks once per reading it would never tell anything.
  const delays = createHistogram()
  let tickedAt = performance.now()
  const ticks = setInterval(() => {
    const now = performance.now()
    delays.record(Math.max(1, Math.round((now - tickedAt - TICK_MS) * MICROSECONDS_PER_MS)))
    tickedAt = now
  }, TICK_MS)
  ticks.unref()
  let at = performance.now()
  let cpu = process.cpuUsage()
  let network = readNetwork()
  return {
    read() {
      const now = performance.now()
      const seconds = Math.max((now - at) / 1_000, 0.001)
      const used = process.cpuUsage(cpu)
      const traffic = readNetwork()
      const health: Health = {
        cpuPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
        memoryBytes: process.memoryUsage.rss(),
        memoryTotalBytes: totalmem(),
        eventLoopDelayMs: delays.count === 0 ? 0 : delays.percentile(99) / MICROSECONDS_PER_MS,
        networkReceiveBytesPerSecond: Math.max(0, traffic.received - network.received) / seconds,
        networkTransmitBytesPerSecond: Math.max(0, traffic.transmitted - network.transmitted) / seconds,
      }
      at = now
      cpu = process.cpuUsage()
      network = traffic
      delays.reset()
      return health
    },
    [Symbol.dispose]() {
      clearInterval(ticks)
    },
  }
}

/** Bytes since boot over all interfaces; the loopback counts only where it is the only one. See proc(5), net/dev. */
function readNetwork(): { received: number; transmitted: number } {
  let text: string
  try {
    text = readFileSync(NETWORK_FILE, 'utf8')
  } catch {
    return { received: 0, transmitted: 0 }
  }
  const interfaces = text.split('\n').flatMap((line) => {
    const match = /^\s*([^:\s]+):\s*(.*)$/.exec(line)
    if (!match) return []
    const columns = (match[2] ?? '').split(/\s+/).map(Number)
    return [{ name: match[1], received: columns[0] ?? 0, transmitted: columns[8] ?? 0 }]
  })
  const outside = interfaces.filter(({ name }) => name !== 'lo')
  const counted = outside.length > 0 ? outside : interfaces
  return {
    received: counted.reduce((sum, each) => sum + each.received, 0),
    transmitted: counted.reduce((sum, each) => sum + each.transmitted, 0),
  }
}
