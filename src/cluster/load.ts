import { createHistogram, performance } from 'node:perf_hooks'
import { HostMeter, type HostReading } from './host.ts'
import type { Health } from './registry.ts'

const MICROSECONDS_PER_MS = 1_000
const TICK_MS = 10

export interface LoadMeter extends Disposable {
  /** What was since the last reading: cheap enough for every second. */
  read(): Health
  /** Of the last reading. */
  readonly eventLoopDelayMs: number
  /** The host's last reading. */
  readonly host: HostReading
}

/** Measures this process and its host. */
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
  let eventLoopDelayMs = 0
  let at = performance.now()
  let cpu = process.cpuUsage()
  const meter = new HostMeter()
  return {
    read() {
      const now = performance.now()
      const seconds = Math.max((now - at) / 1_000, 0.001)
      const used = process.cpuUsage(cpu)
      const host = meter.last
      eventLoopDelayMs = delays.count === 0 ? 0 : delays.percentile(99) / MICROSECONDS_PER_MS
      const health: Health = {
        cpuPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
        memoryBytes: process.memoryUsage.rss(),
        memoryTotalBytes: host.memoryTotalBytes,
        eventLoopDelayMs,
        networkReceiveBytesPerSecond: host.receiveBytesPerSecond,
        networkTransmitBytesPerSecond: host.transmitBytesPerSecond,
        hostCpuPercent: host.cpuPercent,
        hostMemoryUsedBytes: host.memoryUsedBytes,
      }
      at = now
      cpu = process.cpuUsage()
      delays.reset()
      return health
    },
    get eventLoopDelayMs() {
      return eventLoopDelayMs
    },
    get host() {
      return meter.last
    },
    [Symbol.dispose]() {
      meter[Symbol.dispose]()
      clearInterval(ticks)
    },
  }
}
