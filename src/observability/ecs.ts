import { isIP } from 'node:net'

/** Of Elastic Common Schema: elastic.co/guide/en/ecs. */
export const ECS_VERSION = '9.4.0'

const NANOSECONDS_PER_MS = 1e6

type Fields = Record<string, unknown>

/**
 * What our log lines say, by the name that it has there → as ECS has it. What ECS has no name for goes under `cloudpush.`,
 * so that it can never meet a field of theirs.
 */
const FIELDS: Readonly<Record<string, (value: unknown) => Fields>> = {
  err: errorFields,
  event: (value) => ({ 'event.action': value, ...(EVENTS[value as LoggedEvent] ?? {}) }),
  reason: (value) => ({ 'event.reason': value }),
  durationMs: (value) => ({ 'event.duration': Math.round((value as number) * NANOSECONDS_PER_MS) }),
  remoteAddress: (value) => ({
    'client.address': value,
    ...(typeof value === 'string' && isIP(value) > 0 && { 'client.ip': value }),
  }),
  userAgent: (value) => ({ 'user_agent.original': value }),
  subject: (value) => ({ 'user.id': value }),
  redis: (value) => ({ 'server.address': value }),
  traceId: (value) => ({ 'trace.id': value }),
  sessionId: (value) => ({ 'cloudpush.session.id': value }),
  pushId: (value) => ({ 'cloudpush.push.id': value }),
}

/** Every event that a log line may tell of, with what ECS classifies it as. */
const EVENTS = {
  'session-opened': { 'event.kind': 'event', 'event.category': ['session'], 'event.type': ['start'] },
  'session-closed': { 'event.kind': 'event', 'event.category': ['session'], 'event.type': ['end'] },
  'push-accepted': { 'event.kind': 'event', 'event.category': ['api'], 'event.type': ['creation'] },
  'message-delivered': { 'event.kind': 'event', 'event.category': ['network'], 'event.type': ['end'] },
  'drain-began': { 'event.kind': 'event', 'event.category': ['configuration'], 'event.type': ['change'] },
  'drain-cancelled': { 'event.kind': 'event', 'event.category': ['configuration'], 'event.type': ['change'] },
  statistics: { 'event.kind': 'metric' },
} as const satisfies Record<string, Fields>

export type LoggedEvent = keyof typeof EVENTS

/** The fields of one line, or those that all lines of a logger have, in ECS. Null and undefined are left out. */
export function toEcs(fields: Fields): Fields {
  const mapped: Fields = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue
    const map = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    if (map) Object.assign(mapped, map(value))
    else mapped[name.includes('.') ? name : `cloudpush.${snakeCase(name)}`] = value
  }
  return mapped
}

function errorFields(value: unknown): Fields {
  if (!(value instanceof Error)) return { 'error.message': String(value) }
  const { code } = value as { code?: unknown }
  return {
    'error.type': value.name,
    'error.message': value.message,
    ...(value.stack !== undefined && { 'error.stack_trace': stackOf(value) }),
    ...((typeof code === 'string' || typeof code === 'number') && { 'error.code': String(code) }),
  }
}

/** With the causes below it: an outage is told by the last of them. */
function stackOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error
    ? `${error.stack}\nCaused by: ${stackOf(cause)}`
    : (error.stack ?? error.message)
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
