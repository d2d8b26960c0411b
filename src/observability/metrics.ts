import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Hub } from '../delivery/hub.ts'

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
}

/** What Prometheus scrapes: read off the hub when it asks, so that counting costs nothing on the hot path. */
export function createMetrics(sources: {
  hub: Hub
  evicted: () => number
  brokerAvailable: () => boolean
}): Metrics {
  const { hub } = sources
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers: [registry], collect: set(read) })
  gauge('cloudpush_sessions', 'Sessions that this replica holds.', () => hub.sessions.size)
  gauge('cloudpush_subscriptions', 'Live subscriptions that this replica holds.', () => hub.subscriptions)
  gauge('cloudpush_broker_available', '1 while the broker can be reached, else 0.', () =>
    sources.brokerAvailable() ? 1 : 0,
  )
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({ name, help, registers: [registry], collect: count(read) })
  counter('cloudpush_messages_sent_total', 'Messages written to sockets.', () => hub.counts.sent)
  counter(
    'cloudpush_messages_delivered_total',
    'Messages that clients proved to have.',
    () => hub.counts.delivered,
  )
  counter(
    'cloudpush_subscriptions_resumed_total',
    'Subscriptions that went on where an earlier session ended.',
    () => hub.counts.resumed,
  )
  counter(
    'cloudpush_messages_missed_total',
    'Messages lost to retention before they could be read.',
    () => hub.counts.gaps,
  )
  counter(
    'cloudpush_sessions_evicted_total',
    'Sessions closed because nothing was heard of them.',
    sources.evicted,
  )
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

function set(read: () => number) {
  return function (this: Gauge) {
    this.set(read())
  }
}

function count(read: () => number) {
  return function (this: Counter) {
    this.reset()
    this.inc(read())
  }
}
