import { setTimeout as delay } from 'node:timers/promises'
import { CLOSE_CODES } from '../close-codes.ts'
import type { Connection } from './connection.ts'

const STEP_MS = 100

/**
 * Closes sessions (1012) evenly over the given time, never in one burst: a glide, not a cliff. Sessions that leave by
 * themselves meanwhile are not waited for. `beforeStep` runs before each step, so that receipts are written first.
 */
export async function closeEvenly(
  connections: ReadonlySet<Connection>,
  withinSeconds: number,
  beforeStep: () => Promise<void>,
): Promise<void> {
  const { code, reason } = CLOSE_CODES.RESTART
  const steps = Math.max(1, Math.floor((withinSeconds * 1_000) / STEP_MS))
  for (let step = 0; step < steps && connections.size > 0; step++) {
    await beforeStep()
    const share = Math.ceil(connections.size / (steps - step))
    for (const connection of [...connections].slice(0, share)) connection.close(code, reason)
    if (steps > 1 && connections.size > 0) await delay(STEP_MS)
  }
}
