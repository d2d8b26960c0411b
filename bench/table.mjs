// What a reader sees of a scenario. Ratios are to the bare bridge and to the documented stack, of the same run and variant.

const RATE = 'deliveries/s'

const COLUMNS = [
  { name: RATE, short: '/s', of: (m) => m.deliveriesPerSecond, digits: 0, ratio: true },
  { name: 'p50 ms', of: (m) => m.p50Milliseconds, digits: 2 },
  { name: 'p99 ms', short: 'p99', of: (m) => m.p99Milliseconds, digits: 2, ratio: true },
  { name: 'sessions/s', short: '/s', of: (m) => m.sessionsPerSecond, digits: 0, ratio: true },
  { name: 'CPU µs/session', of: (m) => m.serverCpuPerSession, digits: 0 },
  { name: 'KB settled', short: 'KB', of: (m) => m.kilobytesSettled, digits: 1, ratio: true },
  { name: 'KB collected', of: (m) => m.kilobytesCollected, digits: 1 },
  { name: 'CPU µs', short: 'CPU', of: (m) => m.serverCpuPerDelivery, digits: 2, ratio: true },
  { name: 'Redis µs', of: (m) => m.redisCpuPerDelivery, digits: 2 },
  { name: 'load µs', of: (m) => m.loadCpuPerDelivery, digits: 2 },
  { name: 'load busy', of: (m) => m.loadCpuShare, digits: 2 },
]
/** Peers that everything is compared with. */
const REFERENCES = ['bridge', 'docs-stack']

/**
 * @param {import('./measure.mjs').Row[]} rows
 * @param {readonly string[]} references peers that the others are compared with
 * @returns {string}
 */
export function tableOf(rows, references = REFERENCES) {
  const columns = COLUMNS.filter(({ of }) => rows.some(({ medians }) => of(medians) !== undefined))
  // The latency scenario has a rate that was set: a ratio of it would say nothing.
  const paced = rows.every(({ medians }) => medians.p99Milliseconds !== undefined)
  const compared = columns.filter(({ ratio, name }) => ratio && !(paced && name === RATE))
  const head = [
    'peer',
    'variant',
    'runs',
    ...columns.map(({ name }) => name),
    ...compared.flatMap(({ short }) => references.map((reference) => `${short} ÷ ${reference}`)),
  ]
  const lines = rows.map((row) => [
    row.peer,
    row.variant,
    String(row.runs.length),
    ...columns.map(({ of, digits }) => number(of(row.medians), digits)),
    ...compared.flatMap(({ of }) =>
      references.map((reference) => {
        const to = rows.find(({ peer, variant }) => peer === reference && variant === row.variant)
        return to ? number(of(row.medians) / of(to.medians), 2) : '–'
      }),
    ),
  ])
  return aligned([head, ...lines])
}

function number(value, digits) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function aligned(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  '),
    )
    .join('\n')
}
