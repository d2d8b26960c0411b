import type { NewPush, Published } from '../broker/broker.ts'
import type { Session } from '../delivery/session.ts'
import type { Delivery, Ending, HubWatcher } from '../delivery/watcher.ts'
import type { LoggedEvent } from './ecs.ts'
import type { Log } from './log.ts'
import { parseTraceparent } from './trace-context.ts'

/** One push to a room may be delivered to thousands: more lines a second than this are not written. */
const MAX_DELIVERIES_PER_SECOND = 100

/**
 * What happens, as lines of the log: sessions each, pushes and deliveries as a sample. Chosen is the push, by its id: of one that is
 * chosen every replica tells, so that its whole way can be read.
 */
export class EventLog implements HubWatcher {
  readonly #log: Log
  readonly #share: number
  #second = 0
  #deliveries = 0

  /** `share`: of all pushes, 0 to 1. */
  constructor(log: Log, share: number) {
    this.#log = log
    this.#share = log.isLevelEnabled('info') ? share : 0
  }

  opened({ details }: Session): void {
    const { id: sessionId, remoteAddress, userAgent } = details
    this.#tell('session-opened', { sessionId, remoteAddress, userAgent }, 'session opened')
  }

  closed({ details }: Session, { code, reason }: Ending): void {
    const { id: sessionId, subject, remoteAddress, connectedAt } = details
    const durationMs = Math.max(0, Date.now() - connectedAt)
    const closing = { reason: reason === '' ? null : reason, closeCode: code }
    this.#tell(
      'session-closed',
      { sessionId, subject, remoteAddress, durationMs, ...closing },
      'session closed',
    )
  }

  wants(pushId: string): boolean {
    return this.#share > 0 && (this.#share === 1 || hash(pushId) < this.#share)
  }

  accepted(
    { id: pushId, from: subject, to, payload, trigger, traceparent }: NewPush,
    published: Published,
  ): void {
    if (!this.wants(pushId)) return
    const traceId = parseTraceparent(traceparent)?.traceId
    const { accepted, offline, duplicate } = published
    const bytes = Buffer.byteLength(payload)
    const details = { recipients: accepted, first: to[0], offline: offline.length, bytes, trigger, duplicate }
    this.#tell('push-accepted', { pushId, subject, traceId, ...details }, 'push accepted')
  }

  delivered({ pushId, session, identifier, latencyMs }: Delivery): void {
    const second = Math.floor(performance.now() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#deliveries = 0
    }
    if (++this.#deliveries > MAX_DELIVERIES_PER_SECOND) return
    const details = { pushId, sessionId: session.id, subject: session.details.subject, identifier }
    this.#tell('message-delivered', { ...details, durationMs: latencyMs }, 'message delivered')
  }

  #tell(event: LoggedEvent, fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#log.info({ event, ...fields }, message)
  }
}

/** From 0 to below 1, the same everywhere: FNV-1a, of which the upper bits are mixed once more. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  return ((sum ^ (sum >>> 13)) >>> 0) / 2 ** 32
}
