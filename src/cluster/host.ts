import { cpus, totalmem } from 'node:os'
import type { Systeminformation } from 'systeminformation'
import { type InterfaceBytes, readProcNetDev } from './network-bytes.ts'

const INTERVAL_MS = 1_000 // 1 second
const LOOPBACK = /^lo\d*$/

/** What is known of the host: rates since the reading before, by `systeminformation`. All 0 until the first two readings. */
export interface HostReading {
  /** Of all its processors together, percent. */
  readonly cpuPercent: number
  readonly memoryUsedBytes: number
  readonly memoryTotalBytes: number
  /** Since boot, over all interfaces; the loopback counts only where it is the only one. */
  readonly receivedBytes: number
  readonly transmittedBytes: number
  readonly receiveBytesPerSecond: number
  readonly transmitBytesPerSecond: number
}

/**
 * Reads the host once a second, behind: who asks gets the last reading. On Linux a reading is three small files, and no
 * process is started for it; elsewhere `systeminformation` asks the system's own tools. What cannot be read stays as it was.
 */
export class HostMeter implements Disposable {
  readonly #timer: NodeJS.Timeout
  #reading = false
  #readAt = 0
  #processors = processorTimes()
  last: HostReading = {
    cpuPercent: 0,
    memoryUsedBytes: 0,
    memoryTotalBytes: totalmem(),
    receivedBytes: 0,
    transmittedBytes: 0,
    receiveBytesPerSecond: 0,
    transmitBytesPerSecond: 0,
  }

  constructor() {
    this.#timer = setInterval(() => void this.#read(), INTERVAL_MS)
    this.#timer.unref()
    void this.#read()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** Never rejects, and never runs twice at once: a tool may take longer than a second. */
  async #read(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      // Loaded behind, so that nothing waits for it at the start.
      const { default: system } = await import('systeminformation')
      const [memory, interfaces] = await Promise.all([
        system.mem(),
        process.platform === 'linux' ? readProcNetDev() : system.networkStats('*').then(toBytes),
      ])
      this.#take(memory, interfaces)
    } catch {
      // A system that does not tell: what was known stays.
    } finally {
      this.#reading = false
    }
  }

  /** Of the time since the reading before. Not by `systeminformation`: it waits for three processes of its own each time. */
  #cpuPercent(): number {
    const before = this.#processors
    this.#processors = processorTimes()
    const all = this.#processors.all - before.all
    const idle = this.#processors.idle - before.idle
    return all <= 0 ? 0 : Math.min(100, Math.max(0, (1 - idle / all) * 100))
  }

  #take(memory: Systeminformation.MemData, interfaces: readonly InterfaceBytes[]): void {
    const outside = interfaces.filter(({ iface }) => !LOOPBACK.test(iface))
    const counted = outside.length > 0 ? outside : interfaces
    const receivedBytes = counted.reduce((sum, each) => sum + each.received, 0)
    const transmittedBytes = counted.reduce((sum, each) => sum + each.transmitted, 0)
    const now = performance.now()
    const perSecond = (bytes: number, before: number) =>
      this.#readAt === 0 ? 0 : (Math.max(0, bytes - before) * 1_000) / (now - this.#readAt)
    this.last = {
      cpuPercent: this.#cpuPercent(),
      memoryUsedBytes: Math.max(0, memory.total - memory.available),
      memoryTotalBytes: totalmem(),
      receivedBytes,
      transmittedBytes,
      receiveBytesPerSecond: perSecond(receivedBytes, this.last.receivedBytes),
      transmitBytesPerSecond: perSecond(transmittedBytes, this.last.transmittedBytes),
    }
    this.#readAt = now
  }
}

function toBytes(stats: readonly Systeminformation.NetworkStatsData[]): readonly InterfaceBytes[] {
  return stats.map(({ iface, rx_bytes, tx_bytes }) => ({
    iface,
    received: rx_bytes || 0,
    transmitted: tx_bytes || 0,
  }))
}

/** Of all processors since boot, ms. */
function processorTimes(): { readonly idle: number; readonly all: number } {
  let [idle, all] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idle, all }
}
