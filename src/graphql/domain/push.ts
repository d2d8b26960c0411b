import { randomUUID } from 'node:crypto'
import { EVERYONE, type NewPush, type Published } from '../../broker/broker.ts'
import {
  badUserInput,
  CloudpushError,
  forbidden,
  payloadTooLarge,
  rateLimited,
  tooManyRecipients,
} from '../../errors.ts'
import type { OperationOrigin, Services } from '../context.ts'
import type { PushInput } from '../generated/resolvers.ts'
import { checkIdentifiers } from './identifiers.ts'

const MAX_PUSH_ID_BYTES = 128
const MAX_DELAY_SECONDS = 366 * 24 * 3600 // a year

/** Checks a push, stores it, and sends it on its way. Throws coded errors; see `PushInput`. */
export async function push(
  services: Services,
  origin: OperationOrigin,
  input: PushInput,
): Promise<Published> {
  const trace = services.tracing?.push(origin) ?? null
  try {
    const checked = toPush(services, origin, input)
    checkRate(services, origin)
    const stored = trace?.storing(checked) ?? checked
    const published = await services.broker.publish(stored)
    trace?.stored(published)
    if (published.duplicate) await checkOwner(services, checked)
    services.counts.accepted(checked.trigger, published.duplicate)
    services.events.accepted(stored, published)
    return published
  } catch (error) {
    const code = error instanceof CloudpushError ? error.code : 'INTERNAL'
    services.counts.refuse(code)
    trace?.failed(code)
    throw error
  } finally {
    trace?.end()
  }
}

/**
 * The id may be taken by somebody else's push: then nothing of this one was stored, which must not be taken for a repeat,
 * and what became of the other is not told.
 */
async function checkOwner({ broker }: Services, { id, from }: NewPush): Promise<void> {
  const first = await broker.receipt(id)
  if (first !== null && first.from !== from) {
    throw forbidden('This id is that of another pusher; push with one of your own.', { argument: 'input.id' })
  }
}

/** Who pushes too often is told when to try again; nothing was accepted. */
function checkRate(
  { pushRate, settings }: Services,
  { principal: { subject }, address }: OperationOrigin,
): void {
  const { pushRatePerSecond } = settings.current
  if (pushRatePerSecond === 0) return
  // A subject may look like an address: they must not share a bucket.
  const waitMs = pushRate.take(
    JSON.stringify([subject, subject === null ? address : null]),
    pushRatePerSecond,
  )
  if (waitMs === 0) return
  throw rateLimited(`At most ${pushRatePerSecond} pushes per second are taken; try again in ${waitMs} ms.`, {
    retryAfterMs: waitMs,
  })
}

function toPush({ config, settings }: Services, origin: OperationOrigin, input: PushInput): NewPush {
  const payload = toJson(input.payload)
  const bytes = Buffer.byteLength(payload)
  const { maxPayloadBytes } = settings.current
  if (bytes > maxPayloadBytes) {
    throw payloadTooLarge(`payload has ${bytes} bytes as JSON; at most ${maxPayloadBytes} are taken.`, {
      bytes,
      maxPayloadBytes,
    })
  }
  return {
    id: checkPushId(input.id ?? null),
    to: recipients(input, config.maxRecipientsPerPush),
    payload,
    from: origin.principal.subject,
    trigger: origin.trigger,
    traceparent: null,
    delaySeconds: checkSeconds('delaySeconds', input.delaySeconds ?? 0, MAX_DELAY_SECONDS),
    ttlSeconds:
      input.ttlSeconds == null ? null : checkSeconds('ttlSeconds', input.ttlSeconds, MAX_DELAY_SECONDS),
  }
}

/** JSON.stringify recurses: a value nested thousands deep overflows its stack (RangeError). */
function toJson(payload: unknown): string {
  try {
    return JSON.stringify(payload)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw badUserInput('input.payload is nested too deeply.', { argument: 'input.payload' })
  }
}

function recipients(input: PushInput, most: number): string[] {
  const to = input.to ?? []
  if (input.everyone) {
    if (to.length > 0)
      throw badUserInput('Give either input.to or input.everyone, not both.', { argument: 'input.to' })
    return [EVERYONE]
  }
  if (to.length > most) {
    throw tooManyRecipients(`input.to names ${to.length} identifiers; at most ${most} are taken per push.`, {
      recipients: to.length,
      maxRecipientsPerPush: most,
    })
  }
  return checkIdentifiers(to, 'input.to')
}

function checkPushId(id: string | null): string {
  if (id === null) return randomUUID()
  if (id === '' || !id.isWellFormed() || Buffer.byteLength(id) > MAX_PUSH_ID_BYTES) {
    throw badUserInput(`input.id must have 1 to ${MAX_PUSH_ID_BYTES} bytes of UTF-8.`, {
      argument: 'input.id',
    })
  }
  return id
}

function checkSeconds(field: string, seconds: number, most: number): number {
  if (seconds >= 0 && seconds <= most) return seconds
  throw badUserInput(`input.${field} must be from 0 to ${most}.`, { argument: `input.${field}` })
}
