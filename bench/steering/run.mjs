/** `npm run bench:steering`: runs every scenario with every policy, and writes what docs/steering.md shows. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { plot } from './plot.mjs'
import { POLICIES } from './policies.mjs'
import { SCENARIOS } from './scenarios.mjs'
import { simulate } from './simulation.mjs'

const SEED = 20_260_101
const PAGE = new URL('../../docs/steering.md', import.meta.url)
const IMAGES = new URL('../../docs/images/', import.meta.url)
const BEGIN = '<!-- made by npm run bench:steering: begin -->'
const END = '<!-- end -->'

const only = process.argv.slice(2)
const scenarios = SCENARIOS.filter(({ name }) => only.length === 0 || only.includes(name))
const table = [
  `| scenario | | ${POLICIES.map(({ title }) => title).join(' | ')} |`,
  `| --- | --- | ${POLICIES.map(() => '---').join(' | ')} |`,
]
for (const scenario of scenarios) {
  const runs = POLICIES.map((policy) => ({ ...policy, rows: simulate(scenario, policy, SEED) }))
  const cells = (of) =>
    runs.map(({ rows }) => of(rows.filter(({ second }) => second >= scenario.measuredFrom)))
  const worst = cells((rows) => Math.max(...rows.map(({ imbalance }) => imbalance ?? 0)).toFixed(2))
  const last = cells((rows) => (rows.at(-1).imbalance ?? 0).toFixed(2))
  const most = cells((rows) => `${Math.round(100 * Math.max(...rows.map(({ mostToOne }) => mostToOne)))} %`)
  const peak = cells((rows) => Math.max(...rows.map(({ reconnects }) => reconnects)).toLocaleString('en'))
  table.push(
    `| ${scenario.title} | max/mean, worst | ${worst.join(' | ')} |`,
    `| | max/mean, at the end | ${last.join(' | ')} |`,
    `| | most of one second’s arrivals to one replica | ${most.join(' | ')} |`,
    ...(scenario.events ? [`| | most reconnects in one second | ${peak.join(' | ')} |`] : []),
  )
  if (only.length === 0) draw(scenario, runs)
}
console.log(table.join('\n'))
if (only.length === 0) writePage(table.join('\n'))

function draw({ name, title, plots = [] }, runs) {
  mkdirSync(IMAGES, { recursive: true })
  const write = (what, svg) => writeFileSync(new URL(`steering-${name}${what}.svg`, IMAGES), svg)
  const lines = (of) =>
    runs.map(({ title: line, rows }) => ({ title: line, points: rows.map((row) => [row.second, of(row)]) }))
  if (plots.includes('imbalance')) {
    const series = lines(({ imbalance }) => imbalance)
    write('', plot({ title, xLabel: 'seconds', yLabel: 'max/mean', series, least: 1, most: 3 }))
  }
  if (plots.includes('reconnects')) {
    // The same for every policy: it is how a replica goes that makes the peak.
    const series = lines(({ reconnects }) => reconnects).slice(0, 1)
    const yLabel = 'reconnects per second'
    write('-reconnects', plot({ title, xLabel: 'seconds', yLabel, series, most: 5_000 }))
  }
}

function writePage(text) {
  const page = readFileSync(PAGE, 'utf8')
  const [before, rest] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before < 0 || rest < before)
    throw new Error(`${PAGE.pathname} lacks the marks between which the table stands`)
  writeFileSync(PAGE, `${page.slice(0, before + BEGIN.length)}\n\n${text}\n\n${page.slice(rest)}`)
}
