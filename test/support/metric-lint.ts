/** One metric of Prometheus's text format 0.0.4. */
export interface ScrapedMetric {
  readonly name: string
  help: string | null
  type: string | null
  readonly samples: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

const SAMPLE =
  /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (?<value>-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g
const SERIES_OF = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] } as const

/** Reads what was scraped; throws at the first line that Prometheus would not take. */
export function parseMetrics(text: string): Map<string, ScrapedMetric> {
  const metrics = new Map<string, ScrapedMetric>()
  const metricOf = (name: string) => {
    const metric = metrics.get(name) ?? { name, help: null, type: null, samples: [] }
    metrics.set(name, metric)
    return metric
  }
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const comment = /^# (?<kind>HELP|TYPE) (?<name>\S+) (?<rest>.*)$/.exec(line)?.groups
    if (comment) {
      const metric = metricOf(comment['name'] as string)
      if (comment['kind'] === 'HELP') metric.help = comment['rest'] as string
      else metric.type = comment['rest'] as string
      continue
    }
    const groups = SAMPLE.exec(line)?.groups
    if (!groups) throw new Error(`no line of Prometheus's text format: ${line}`)
    const name = groups['name'] as string
    const labels = [...(groups['labels'] ?? '').matchAll(LABEL)].map(([, label, value]) => [label, value])
    const value = Number((groups['value'] as string).replace('Inf', 'Infinity'))
    const owner = [...metrics.values()].find((metric) => seriesOf(metric).includes(name))
    metricOf(owner?.name ?? name).samples.push({ name, labels: Object.fromEntries(labels), value })
  }
  return metrics
}

function seriesOf({ name, type }: ScrapedMetric): string[] {
  const suffixes = type === 'histogram' || type === 'summary' ? SERIES_OF[type] : ['']
  return suffixes.map((suffix) => name + suffix)
}

/** Units, and what Prometheus writes them in: prometheus.io/docs/practices/naming, "Base units". */
const NOT_BASE_UNITS = [
  ...['milliseconds', 'microseconds', 'nanoseconds', 'minutes', 'hours', 'days', 'kilobytes', 'megabytes'],
  ...['bits', 'percent', 'ms', 'us', 'ns', 'sec', 'secs', 'kb', 'mb', 'b', 's'],
]
const TYPES = ['gauge', 'counter', 'histogram', 'summary']

/** The rules of `promtool check metrics` (client_golang's promlint), in words for each that is broken. */
export function lintMetric(metric: ScrapedMetric): string[] {
  const { name, help, type, samples } = metric
  const words = name.split('_')
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
  const distribution = type === 'histogram' || type === 'summary'
  const broken: [boolean, string][] = [
    [!help, 'has no help'],
    [!type || !TYPES.includes(type), 'has no type'],
    [type === 'counter' && !name.endsWith('_total'), 'is a counter without the suffix _total'],
    [type !== 'counter' && name.endsWith('_total'), 'is no counter and has the suffix _total'],
    [!distribution && /_(count|sum|bucket)$/.test(name), 'has a suffix of distributions'],
    [type !== 'histogram' && labels.has('le'), 'has the label le of histograms'],
    [type !== 'summary' && labels.has('quantile'), 'has the label quantile of summaries'],
    [words.some((word) => NOT_BASE_UNITS.includes(word)), 'has a unit that is no base unit'],
    [words.some((word) => TYPES.includes(word)), 'has its type in its name'],
    [name.includes(':'), 'has a colon'],
    [/[a-z][A-Z]/.test([name, ...labels].join(' ')), 'is written in camelCase'],
    [[...labels].some((label) => label.startsWith('__')), 'has a reserved label'],
  ]
  return broken.filter(([is]) => is).map(([, problem]) => `${name} ${problem}`)
}

/** What is wrong with the counts of a histogram without labels: buckets that shrink, or do not add up to the count. */
export function histogramProblems({ name, type, samples }: ScrapedMetric): string[] {
  if (type !== 'histogram') return []
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels }) => Number((labels['le'] as string).replace('+Inf', 'Infinity')))
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value
  const ascending = (values: readonly number[]) =>
    values.every((value, index) => index === 0 || value >= (values[index - 1] as number))
  const broken: [boolean, string][] = [
    [!ascending(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY, 'has bounds in no order'],
    [!ascending(buckets.map(({ value }) => value)), 'has buckets that shrink'],
    [buckets.at(-1)?.value !== count, 'has a count that is not its last bucket'],
    [!samples.some((sample) => sample.name === `${name}_sum`), 'has no sum'],
  ]
  return broken.filter(([is]) => is).map(([, problem]) => `${name} ${problem}`)
}
