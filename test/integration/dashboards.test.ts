import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { everyMetric } from '../support/every-metric.ts'
import type { ScrapedMetric } from '../support/metric-lint.ts'
import { readProject } from '../support/project-files.ts'
import { readPromql } from '../support/promql.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

/**
 * What Prometheus itself adds to what it scrapes (https://prometheus.io/docs/concepts/jobs_instances), and what prom-client
 * reads from /proc, which not every machine that runs the tests has.
 */
const ADDED = { metrics: ['up', 'process_open_fds', 'process_max_fds'], labels: ['instance', 'job'] }

/** The labels of each series that can be asked for, by its name. */
const series = new Map<string, Set<string>>(ADDED.metrics.map((name) => [name, new Set(ADDED.labels)]))
let metrics: readonly ScrapedMetric[] = []

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
  const { replica, gateway } = await everyMetric(redis.url)
  metrics = [...replica, ...gateway]
  for (const { name, labels } of metrics.flatMap((metric) => metric.samples)) {
    const known = series.get(name) ?? new Set(ADDED.labels)
    for (const label of Object.keys(labels)) known.add(label)
    series.set(name, known)
  }
})
afterAll(() => redis?.[Symbol.asyncDispose]())

/** What is wrong with an expression, by what is really shown; nothing is an empty list. */
function problemsOf(expression: string): string[] {
  const { selected, grouped } = readPromql(expression)
  const unknown = selected
    .filter(({ metric }) => !series.has(metric))
    .map(({ metric }) => `nothing shows ${metric}`)
  const labels = selected.flatMap(({ metric, labels }) =>
    labels
      .filter((label) => !series.get(metric)?.has(label))
      .map((label) => `${metric} has no label ${label}`),
  )
  const groups = grouped
    .filter((label) => !selected.some(({ metric }) => series.get(metric)?.has(label)))
    .map((label) => `nothing in ${expression} has the label ${label}`)
  return [...unknown, ...labels, ...groups]
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

function alertRules(): Rule[] {
  const { groups } = parse(readProject('deploy/prometheus/alerts.yml')) as {
    groups: { name: string; rules: Rule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
}

describe('the check finds', () => {
  test.each([
    ['a metric that nothing shows', 'cloudpush_session'],
    ['a label that its metric does not have', 'cloudpush_sessions{replica="a"}'],
    ['a group that nothing has', 'sum by (code) (cloudpush_sessions)'],
  ])('%s', (_what, expression) => expect(problemsOf(expression)).toHaveLength(1))

  test.each([
    'sum(cloudpush_sessions',
    'rate(cloudpush_pushes_total[5m',
    'average(cloudpush_sessions)',
    '{job="x"}',
  ])('that this is no PromQL: %s', (expression) => expect(() => problemsOf(expression)).toThrow(expression))
})

test('the alert rules ask for nothing but what is shown, and each is told with its mend in the operations guide', () => {
  const rules = alertRules()
  expect(rules.length).toBeGreaterThan(15)
  expect(rules.flatMap(({ expr }) => problemsOf(expr))).toEqual([])
  for (const { labels, annotations, for: duration } of rules) {
    expect(['critical', 'warning', 'info']).toContain(labels.severity)
    expect(annotations.summary).toMatch(/\.$/)
    expect(duration ?? '0s').toMatch(/^\d+[smh]$/)
  }
  const told = [...readProject('docs/operations.md').matchAll(/^\| `(Cloudpush\w+)` \|/gm)].map(
    ([, alert]) => alert,
  )
  expect(told).toEqual(rules.map(({ alert }) => alert))
})

interface Panel {
  readonly title: string
  readonly description?: string
  readonly type: string
  readonly targets?: readonly { readonly expr: string }[]
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

test('the dashboard asks for nothing but what is shown, leaves nothing of ours out, and says what each panel is', () => {
  const dashboard = JSON.parse(readProject('deploy/grafana/cloudpush.json')) as {
    panels: Panel[]
    templating: { list: { name: string; query: unknown }[] }
    annotations: { list: { expr: string }[] }
  }
  const shown = dashboard.panels.filter(({ type }) => type !== 'row')
  const expressions = [
    ...shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.annotations.list.map(({ expr }) => expr),
  ].map((expression) => expression.replaceAll('$__rate_interval', '1m'))
  expect(expressions.flatMap(problemsOf)).toEqual([])
  expect(shown.filter(({ description, targets }) => !description || !targets?.length)).toEqual([])
  expect(overlapping(dashboard.panels)).toEqual([])

  const variables = dashboard.templating.list.map(({ name }) => name)
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)\}?/g)].map(([, name]) => name as string)
  expect(
    used.filter((name) => !['__rate_interval', '__all'].includes(name) && !variables.includes(name)),
  ).toEqual([])

  const asked = new Set(expressions.flatMap((each) => readPromql(each).selected.map(({ metric }) => metric)))
  const own = metrics.filter(({ name }) => name.startsWith('cloudpush_') && name !== 'cloudpush_build_info')
  const isAsked = ({ samples }: ScrapedMetric) => samples.some(({ name }) => asked.has(name))
  expect(own.filter((metric) => !isAsked(metric)).map(({ name }) => name)).toEqual([])
})

function overlapping(panels: readonly Panel[]): string[] {
  const cells = new Map<string, string>()
  return panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
    const own = Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`)
    const taken = own.some((cell) => cells.has(cell)) || x + w > 24
    for (const cell of own) cells.set(cell, title)
    return taken ? [title] : []
  })
}

test('the table of metrics in the docs names exactly what is shown, with type and labels', () => {
  const rows = [
    ...readProject('docs/observability.md').matchAll(
      /^\| `(cloudpush_\w+)(?:\{(\w+(?:, \w+)*)\})?` \| (\w+) \|/gm,
    ),
  ]
  const told = rows.map(([, name, labels = '', type]) => ({
    name,
    type,
    labels: labels.split(', ').filter(Boolean),
  }))
  const own = metrics.filter(({ name }) => name.startsWith('cloudpush_'))
  const shown = own.map(({ name, type, samples }) => ({
    ...{ name, type },
    labels: [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))].filter(
      (label) => label !== 'le',
    ),
  }))
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
    (a.name ?? '').localeCompare(b.name ?? '')
  expect(told.sort(byName)).toEqual(shown.sort(byName))
})
