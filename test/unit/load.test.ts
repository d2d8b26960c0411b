import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLoadMeter } from '../../src/cluster/load.ts'
import { parseProcNetDev } from '../../src/cluster/network-bytes.ts'

const POLL = { timeout: 20_000, interval: 20 }

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Keeps the processor busy until this process has had so much of it. */
function burn(ms: number): void {
  const before = process.cpuUsage()
  for (;;) {
    const { user, system } = process.cpuUsage(before)
    if (user + system >= ms * 1_000) return
  }
}

test('every reading is a number that makes sense, however soon after the last', () => {
  using meter = createLoadMeter()
  for (let reading = 0; reading < 3; reading++) {
    const health = meter.read()
    for (const [name, value] of Object.entries(health)) {
      expect([name, Number.isFinite(value), value >= 0]).toEqual([name, true, true])
    }
    expect(health.memoryTotalBytes).toBe(totalmem())
    expect(health.memoryBytes).toBeGreaterThan(2 ** 20)
    expect(health.memoryBytes).toBeLessThan(health.memoryTotalBytes)
  }
})

test('processor use is that since the last reading', () => {
  using meter = createLoadMeter()
  const started = performance.now()
  burn(100)
  const elapsed = performance.now() - started
  // On a machine that is busy elsewhere the 100 ms took longer, and their share is less.
  expect(meter.read().cpuPercent).toBeGreaterThan((0.8 * 100 * 100) / elapsed)
})

test('a blocked event loop shows in the next reading, and is forgotten after it', async () => {
  using meter = createLoadMeter()
  const delay = () => meter.read().eventLoopDelayMs
  await expect.poll(delay, POLL).toBeLessThan(50)
  block(200)
  await expect.poll(delay, POLL).toBeGreaterThan(100)
  await expect.poll(delay, POLL).toBeLessThan(50)
})

test('an event loop that is blocked from one reading to the next is never told as a good one', async () => {
  using meter = createLoadMeter()
  for (let reading = 1; reading <= 5; reading++) {
    block(100)
    // Whichever timer is first in its turn: the tick that was late is read now or in the next round.
    await setImmediate()
    const { eventLoopDelayMs } = meter.read()
    if (reading > 1) expect(eventLoopDelayMs).toBeGreaterThan(50)
  }
})

test('the host is read behind: its memory, processors and network', async () => {
  using meter = createLoadMeter()
  await expect.poll(() => meter.host.memoryUsedBytes, POLL).toBeGreaterThan(2 ** 20)
  const { memoryUsedBytes, memoryTotalBytes, cpuPercent } = meter.host
  expect(memoryUsedBytes).toBeLessThan(memoryTotalBytes)
  expect(cpuPercent).toBeLessThanOrEqual(100)
  if (existsSync('/proc/net/dev')) expect(meter.host.receivedBytes).toBeGreaterThan(0)
  const health = meter.read()
  expect([health.hostMemoryUsedBytes, health.networkReceiveBytesPerSecond >= 0]).toEqual([
    meter.host.memoryUsedBytes,
    true,
  ])
})

test('what went over each interface is read as Linux writes it, whatever its name', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1004219   19031    0    0    0     0          0         0  1004219   19031    0    0    0     0       0          0
eth0:12:4294967296  7  0    0    0     0          0         0 65 1    0    0    0     0       0          0
`
  expect(parseProcNetDev(text)).toEqual([
    { iface: 'lo', received: 1_004_219, transmitted: 1_004_219 },
    { iface: 'eth0:12', received: 4_294_967_296, transmitted: 65 },
  ])
})
