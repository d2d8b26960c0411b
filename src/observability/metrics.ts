import type { StoreMeter } from '../broker/store-meter.ts'
import type { HostReading } from '../cluster/host.ts'
import type { Registry as ClusterRegistry } from '../cluster/registry.ts'
import { weights } from '../cluster/weight.ts'
import type { Hub } from '../delivery/hub.ts'
import { createProcessRegistry, type MetricWriters, metricWriters } from './metric-writers.ts'
import type { OperationCounts } from './operation-counts.ts'
import type { Recorder } from './recorder.ts'

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
}

export interface MetricSources {
  readonly replicaId: string
  readonly version: string
  readonly capacity: number
  readonly hub: Hub
  readonly counts: OperationCounts
  readonly recorder: Pick<Recorder, 'failures'>
  readonly registry: ClusterRegistry
  readonly storeMeter: StoreMeter
  readonly host: () => HostReading
  /** 99th percentile of the last second. */
  readonly eventLoopDelayMs: () => number
  readonly evicted: () => number
  readonly refused: () => number
  readonly draining: () => boolean
  readonly brokerAvailable: () => boolean
}

const SECONDS_PER_MS = 1e-3
const SECONDS_PER_MICROSECOND = 1e-6
const LATENCY_BOUNDS_MS = [
  1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1_024, 2_048, 4_096, 16_384,
]
const SESSION_BOUNDS_MS = powersOfTwo(10, 27) // 1 second to a day and a half
const COMMAND_BOUNDS_MICROSECONDS = powersOfTwo(6, 22) // 64 µs to 4 seconds

/** What Prometheus scrapes: all of it is read when it asks, so that counting costs nothing more on the way of a message. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = createProcessRegistry()
  const writers = metricWriters(registry)
  addReplica(writers, sources)
  addSessions(writers, sources)
  addMessages(writers, sources)
  addStore(writers, sources)
  addHost(writers, sources)
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

function addReplica({ gauge }: MetricWriters, sources: MetricSources): void {
  const { version, replicaId: replica } = sources
  const info = () => [[{ version, replica }, 1] as const]
  gauge('cloudpush_build_info', 'Always 1; its labels tell what runs here.', info, ['version', 'replica'])
  gauge('cloudpush_weight_ratio', 'Share of new connections that this replica gets, 0 to 1.', () => {
    const percent = weights(sources.registry.replicas(), new Date()).get(sources.replicaId) ?? 0
    return percent / 100
  })
  gauge('cloudpush_draining', '1 while its sessions move away, else 0.', () => Number(sources.draining()))
}

function addSessions({ gauge, counter, histogram }: MetricWriters, sources: MetricSources): void {
  const { hub } = sources
  gauge('cloudpush_sessions', 'Sessions that this replica holds.', () => hub.sessions.size)
  gauge('cloudpush_sessions_capacity', 'Sessions that it should hold at most.', () => sources.capacity)
  gauge('cloudpush_subscriptions', 'Live subscriptions that this replica holds.', () => hub.subscriptions)
  gauge('cloudpush_queued_bytes', 'Bytes that wait to be taken by the sockets of all sessions.', () => {
    let bytes = 0
    for (const session of hub.sessions.values()) bytes += session.transport.bufferedBytes
    return bytes
  })
  counter('cloudpush_sessions_opened_total', 'Sessions opened.', () => hub.counts.sessionsOpened)
  counter(
    'cloudpush_sessions_evicted_total',
    'Sessions closed because nothing was heard of them.',
    sources.evicted,
  )
  counter(
    'cloudpush_connections_refused_total',
    'Connections over capacity or rate, closed at once or after a trial.',
    sources.refused,
  )
  histogram('cloudpush_session_duration_seconds', 'Length of the sessions that ended.', {
    distribution: hub.sessionMs,
    unit: SECONDS_PER_MS,
    bounds: SESSION_BOUNDS_MS,
  })
  counter(
    'cloudpush_subscriptions_resumed_total',
    'Subscriptions that went on where an earlier session ended.',
    () => hub.counts.resumed,
  )
  counter(
    'cloudpush_slow_readers_total',
    'How often a subscription left the live path because its socket was full.',
    () => hub.counts.slowReaders,
  )
}

function addMessages({ counter, histogram }: MetricWriters, { hub, counts }: MetricSources): void {
  const pushes = () =>
    Object.entries(counts.pushes).map(
      ([trigger, value]) => [{ trigger: trigger.toLowerCase() }, value] as const,
    )
  counter('cloudpush_pushes_total', 'Pushes accepted, by how they came.', pushes, ['trigger'])
  counter(
    'cloudpush_pushes_duplicate_total',
    'Pushes that repeated the id of an accepted one.',
    () => counts.duplicates,
  )
  const refused = () => [...counts.refused].map(([code, value]) => [{ code }, value] as const)
  counter('cloudpush_pushes_refused_total', 'Pushes not accepted, by the code of the error.', refused, [
    'code',
  ])
  counter('cloudpush_messages_sent_total', 'Messages written to sockets.', () => hub.counts.sent)
  counter(
    'cloudpush_messages_delivered_total',
    'Messages that clients proved to have.',
    () => hub.counts.delivered,
  )
  counter(
    'cloudpush_messages_acknowledged_total',
    'Messages that applications acknowledged.',
    () => counts.acknowledged,
  )
  counter(
    'cloudpush_messages_redelivered_total',
    'Messages written that the client may have had before.',
    () => hub.counts.redelivered,
  )
  counter(
    'cloudpush_messages_missed_total',
    'Messages lost to retention before they could be read.',
    () => hub.counts.gaps,
  )
  histogram(
    'cloudpush_delivery_latency_seconds',
    'From accepting a push until a client that was connected had it and said so.',
    { distribution: hub.latencyMs, unit: SECONDS_PER_MS, bounds: LATENCY_BOUNDS_MS },
  )
}

function addStore({ gauge, counter, histogram }: MetricWriters, sources: MetricSources): void {
  const { storeMeter } = sources
  gauge('cloudpush_broker_available', '1 while the broker can be reached, else 0.', () =>
    Number(sources.brokerAvailable()),
  )
  histogram('cloudpush_redis_command_duration_seconds', 'From asking Redis to its answer.', {
    distribution: storeMeter.commandMicroseconds,
    unit: SECONDS_PER_MICROSECOND,
    bounds: COMMAND_BOUNDS_MICROSECONDS,
  })
  counter(
    'cloudpush_redis_reconnections_total',
    'Connections to Redis that came back.',
    () => storeMeter.reconnections,
  )
  counter(
    'cloudpush_statistics_failures_total',
    'Batches of statistics that had to be added again later.',
    () => sources.recorder.failures,
  )
}

function addHost({ gauge, counter }: MetricWriters, sources: MetricSources): void {
  gauge(
    'cloudpush_host_cpu_ratio',
    'Processor time of the host, all processors together, 0 to 1.',
    () => sources.host().cpuPercent / 100,
  )
  gauge(
    'cloudpush_event_loop_delay_seconds',
    'How late the event loop ran, 99th percentile of the last second.',
    () => sources.eventLoopDelayMs() * SECONDS_PER_MS,
  )
  gauge('cloudpush_host_memory_bytes', 'Memory of the host.', () => sources.host().memoryTotalBytes)
  gauge(
    'cloudpush_host_memory_used_bytes',
    'Memory of the host in use.',
    () => sources.host().memoryUsedBytes,
  )
  counter(
    'cloudpush_host_network_receive_bytes_total',
    'Received on the interfaces of the host.',
    () => sources.host().receivedBytes,
  )
  counter(
    'cloudpush_host_network_transmit_bytes_total',
    'Sent on the interfaces of the host.',
    () => sources.host().transmittedBytes,
  )
}

function powersOfTwo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => 2 ** (from + index))
}
