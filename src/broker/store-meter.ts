import { Distribution } from '../distribution.ts'

const MICROSECONDS_PER_MS = 1_000

/** How the store answers one replica, over all its connections for commands. The embedded one has nothing to tell. */
export class StoreMeter {
  /** From asking to the answer, µs; what found no connection in time counts with the time that it waited. */
  readonly commandMicroseconds = new Distribution()
  /** How often a connection that was there came back. */
  reconnections = 0

  took(ms: number): void {
    this.commandMicroseconds.add(ms * MICROSECONDS_PER_MS)
  }

  reconnected(): void {
    this.reconnections++
  }
}
