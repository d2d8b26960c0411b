import type { Trigger } from '../broker/broker.ts'
import type { ErrorCode } from '../errors.ts'

/** What this replica was asked to do, counted since the start. */
export class OperationCounts {
  /** Pushes accepted, by how they came. */
  readonly pushes: Record<Trigger, number> = { HTTP: 0, WEBSOCKET: 0 }
  /** Pushes that repeated the id of an accepted one. */
  duplicates = 0
  acknowledged = 0
  /** Pushes that were not accepted, by the code of the error. */
  readonly refused = new Map<ErrorCode, number>()

  accepted(trigger: Trigger, duplicate: boolean): void {
    if (duplicate) this.duplicates++
    else this.pushes[trigger]++
  }

  refuse(code: ErrorCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
  }
}
