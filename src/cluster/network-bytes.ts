import { readFile } from 'node:fs/promises'

/** What went over one network interface since boot. */
export interface InterfaceBytes {
  readonly iface: string
  readonly received: number
  readonly transmitted: number
}

/**
 * Of all interfaces, as Linux tells it in one small file (proc(5), /proc/net/dev). `systeminformation` would ask `cat`, in
 * eight processes for each interface: forking a process that holds thousands of sessions stops all of them for a moment.
 */
export async function readProcNetDev(): Promise<readonly InterfaceBytes[]> {
  return parseProcNetDev(await readFile('/proc/net/dev', 'utf8'))
}

/** Two lines of headings, then `eth0: <bytes> <7 more of receiving> <bytes> <7 more of transmitting>`. */
export function parseProcNetDev(text: string): readonly InterfaceBytes[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const colon = line.lastIndexOf(':')
      if (colon < 0) return []
      const columns = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
      return [{ iface: line.slice(0, colon).trim(), received: columns[0] ?? 0, transmitted: columns[8] ?? 0 }]
    })
}
