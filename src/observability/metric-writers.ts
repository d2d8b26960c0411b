import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { Distribution } from '../distribution.ts'
import { DistributionHistogram } from './histogram.ts'

/** A value, or one for each combination of labels. */
export type Reading = number | readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]

/**
 * prom-client's own that Prometheus's conventions do not allow (gauges named like counters), and those that tell
 * `Nan` of an event loop that was looked at twice in its resolution: ours is `cloudpush_event_loop_delay_seconds`.
 */
const LEFT_OUT = /^nodejs_active_.*_total$|^nodejs_eventloop_lag_/

/** A registry that shows how the process is: processor time, memory, garbage collection, event loop. */
export function createProcessRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name)
  }
  return registry
}

/** Adds metrics that are read when Prometheus asks. */
export interface MetricWriters {
  gauge(name: string, help: string, read: () => Reading, labelNames?: readonly string[]): void
  /** `read` tells what was counted since the start. */
  counter(name: string, help: string, read: () => Reading, labelNames?: readonly string[]): void
  /** See `DistributionHistogram`. */
  histogram(
    name: string,
    help: string,
    shown: { readonly distribution: Distribution; readonly unit: number; readonly bounds: readonly number[] },
  ): void
}

export function metricWriters(registry: Registry): MetricWriters {
  return {
    gauge(name, help, read, labelNames = []) {
      new Gauge({
        ...{ name, help, labelNames, registers: [registry] },
        collect() {
          this.reset()
          for (const [labels, value] of samplesOf(read())) this.set(labels, value)
        },
      })
    },
    counter(name, help, read, labelNames = []) {
      new Counter({
        ...{ name, help, labelNames, registers: [registry] },
        collect() {
          this.reset()
          for (const [labels, value] of samplesOf(read())) this.inc(labels, value)
        },
      })
    },
    histogram(name, help, shown) {
      // It has what the registry calls; prom-client's own classes cannot show what is counted elsewhere.
      registry.registerMetric(new DistributionHistogram({ name, help, ...shown }) as unknown as Metric)
    },
  }
}

function samplesOf(reading: Reading) {
  return typeof reading === 'number' ? [[{}, reading] as const] : reading
}
