import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Health } from './registry.ts'

const NANOSECONDS_PER_MS = 1e6
const RESOLUTION_MS = 10
const NETWORK_FILE = '/proc/net/dev'

export interface LoadMeter extends Disposable {
  /** What was since the last reading: cheap enough for every second. */
  read(): Health
}

/** Measures this process and its host. Network rates are those of Linux; elsewhere they are 0. */
export function createLoadMeter(): LoadMeter {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  let at = performance.now()
  let cpu = process.cpuUsage()
  let network = readNetwork()
  return {
    read() {
      const now = performance.now()
      const seconds = Math.max((now - at) / 1_000, 0.001)
      const used = process.cpuUsage(cpu)
      const traffic = readNetwork()
      // The histogram counts from its resolution on: a loop that is never late shows that much.
      const delay = Number.isFinite(delays.percentile(99))
        ? delays.percentile(99) / NANOSECONDS_PER_MS - RESOLUTION_MS
        : 0
      const health: Health = {
        cpuPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
        memoryBytes: process.memoryUsage.rss(),
        memoryTotalBytes: totalmem(),
        eventLoopDelayMs: Math.max(0, delay),
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
      delays.disable()
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
