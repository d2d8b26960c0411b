import { totalmem } from 'node:os'
import type { Systeminformation } from 'systeminformation'

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
 * Reads the host once a second, behind: who asks gets the last reading. On Linux a reading is three small files, 0.8 ms
 * of processor time in all; elsewhere `systeminformation` asks the system's own tools. What cannot be read stays as it was.
 */
export class HostMeter implements Disposable {
  readonly #timer: NodeJS.Timeout
  #reading = false
  #readAt = 0
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
      const [load, memory, interfaces] = await Promise.all([
        system.currentLoad(),
        system.mem(),
        system.networkStats('*'),
      ])
      this.#take(load, memory, interfaces)
    } catch {
      // A system that does not tell: what was known stays.
    } finally {
      this.#reading = false
    }
  }

  #take(
    load: Systeminformation.CurrentLoadData,
    memory: Systeminformation.MemData,
    interfaces: readonly Systeminformation.NetworkStatsData[],
  ): void {
    const outside = interfaces.filter(({ iface }) => !LOOPBACK.test(iface))
    const counted = outside.length > 0 ? outside : interfaces
    const receivedBytes = counted.reduce((sum, each) => sum + (each.rx_bytes || 0), 0)
    const transmittedBytes = counted.reduce((sum, each) => sum + (each.tx_bytes || 0), 0)
    const now = performance.now()
    const perSecond = (bytes: number, before: number) =>
      this.#readAt === 0 ? 0 : (Math.max(0, bytes - before) * 1_000) / (now - this.#readAt)
    this.last = {
      cpuPercent: Math.min(100, Math.max(0, load.currentLoad || 0)),
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
