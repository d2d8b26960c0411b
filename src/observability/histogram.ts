import type { MetricObject, MetricObjectWithValues, MetricValue } from 'prom-client'
import { bucketOf, bucketStart, type Distribution } from '../distribution.ts'

/**
 * A distribution as a Prometheus histogram: `unit` is what one of its values is in the base unit (0.001 for milliseconds,
 * as seconds). Bounds are given in its own values, and each must be where a bucket begins, so that the counts are exact; a
 * value that equals a bound counts above it.
 */
export class DistributionHistogram {
  readonly name: string
  readonly help: string
  readonly #distribution: Distribution
  readonly #unit: number
  readonly #bounds: readonly number[]

  constructor(options: {
    name: string
    help: string
    distribution: Distribution
    unit: number
    bounds: readonly number[]
  }) {
    for (const bound of options.bounds) {
      if (bucketStart(bucketOf(bound)) !== bound) throw new Error(`no bucket begins at ${bound}`)
    }
    this.name = options.name
    this.help = options.help
    this.#distribution = options.distribution
    this.#unit = options.unit
    this.#bounds = options.bounds
  }

  async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    const { count, sum } = this.#distribution
    const value = (suffix: string, number: number, labels = {}) => ({
      metricName: this.name + suffix,
      value: number,
      labels,
    })
    const buckets = this.#bounds.map((bound) =>
      value('_bucket', this.#distribution.countBelow(bound), { le: toLabel(bound * this.#unit) }),
    )
    return {
      ...this.#description(),
      values: [
        ...[...buckets, value('_bucket', count, { le: '+Inf' })],
        ...[value('_sum', sum * this.#unit), value('_count', count)],
      ],
    }
  }

  /** It shows the distribution: there is nothing of its own to set back. */
  reset(): void {}

  #description(): Omit<MetricObject, 'collect'> & { collect: () => void } {
    return {
      name: this.name,
      help: this.help,
      // prom-client's own types have an enum here, of which its writer takes the name.
      type: 'histogram' as unknown as MetricObject['type'],
      aggregator: 'sum',
      collect: () => {},
    }
  }
}

/** Without the digits that binary fractions add. */
function toLabel(bound: number): string {
  return String(Number(bound.toPrecision(12)))
}
