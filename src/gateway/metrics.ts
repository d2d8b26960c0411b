import { Counter, Gauge, Histogram } from 'prom-client'
import { createProcessRegistry } from '../observability/metric-writers.ts'
import type { Metrics } from '../observability/metrics.ts'
import { DEPARTURES, type Departure } from './session.ts'

export interface GatewayMetrics extends Metrics {
  departed(why: Departure): void
  /** A session that had left a replica is settled again, after so many seconds. */
  rehomed(seconds: number): void
  unplaced(): void
  answered(status: number): void
}

/** What Prometheus scrapes of a gateway. */
export function createGatewayMetrics(sources: {
  sessions: () => number
  held: () => number
  replicas: () => number
}): GatewayMetrics {
  const registers = [createProcessRegistry()] as const
  const [registry] = registers
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [...registers],
      collect() {
        this.set(read())
      },
    })
  gauge('cloudpush_gateway_sessions', 'Clients that this gateway holds.', sources.sessions)
  gauge('cloudpush_gateway_sessions_held', 'Clients that wait for a replica to take them.', sources.held)
  gauge('cloudpush_gateway_replicas', 'Replicas that accept connections.', sources.replicas)
  const rehomings = new Counter({
    name: 'cloudpush_gateway_rehomings_total',
    help: 'Sessions moved to another replica, by why they left: drained (1012), refused (1013), lost, stalled, ended (its lease).',
    labelNames: ['reason'],
    registers: [...registers],
  })
  // Shown as 0 from the start: of a series that begins with 1, Prometheus sees no increase.
  for (const reason of DEPARTURES) rehomings.inc({ reason }, 0)
  const rehoming = new Histogram({
    name: 'cloudpush_gateway_rehoming_seconds',
    help: "From the loss of a session's replica to the acknowledgement of the next one.",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [...registers],
  })
  const unplaced = new Counter({
    name: 'cloudpush_gateway_unplaced_total',
    help: 'Clients closed with 1013 because no replica took them in time.',
    registers: [...registers],
  })
  const requests = new Counter({
    name: 'cloudpush_gateway_requests_total',
    help: 'HTTP requests by the status that was answered.',
    labelNames: ['status'],
    registers: [...registers],
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    departed: (reason) => rehomings.inc({ reason }),
    rehomed: (seconds) => rehoming.observe(seconds),
    unplaced: () => unplaced.inc(),
    answered: (status) => requests.inc({ status }),
  }
}
