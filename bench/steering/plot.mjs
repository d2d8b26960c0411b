/** Lines over time as an SVG, with nothing but text: readable on light and dark pages. */
const WIDTH = 760
const HEIGHT = 300
const LEFT = 56
const RIGHT = 16
const TOP = 40
const BOTTOM = 56
const COLOURS = ['#2f9e44', '#e8590c', '#1971c2', '#c2255c']

/** `series`: `{ title, points: [x, y | null][] }`; values above `most` are cut off at the top. */
export function plot({ title, xLabel, yLabel, series, least = 0, most }) {
  const lastX = Math.max(...series.flatMap(({ points }) => points.map(([x]) => x)))
  const x = (value) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / lastX
  const y = (value) => {
    const part = (Math.min(value, most) - least) / (most - least)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part
  }
  const lines = series.map(({ points }, index) => {
    const shown = points.filter(([, value]) => value !== null)
    const path = shown
      .map(([at, value], n) => `${n ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('')
    return `<path d="${path}" fill="none" stroke="${COLOURS[index]}" stroke-width="${index ? 1.5 : 2.5}"/>`
  })
  const legend = series.map(({ title: name }, index) => {
    const at = LEFT + index * 170
    return `<rect x="${at}" y="${HEIGHT - 16}" width="14" height="4" fill="${COLOURS[index]}"/>${text(at + 20, HEIGHT - 10, name)}`
  })
  const yTicks = [0, 1, 2, 3, 4].map((n) => least + ((most - least) * n) / 4)
  const xTicks = [0, 1, 2, 3, 4, 5, 6].map((n) => (lastX * n) / 6)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, title, 'font-weight="600"'),
    ...yTicks.map(
      (value) =>
        `<path d="M${LEFT} ${y(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#dee2e6"/>` +
        text(LEFT - 6, y(value) + 4, label(value), 'text-anchor="end"'),
    ),
    ...xTicks.map((value) => text(x(value), HEIGHT - BOTTOM + 16, label(value), 'text-anchor="middle"')),
    text(WIDTH - RIGHT, HEIGHT - BOTTOM + 30, xLabel, 'text-anchor="end" fill="#868e96"'),
    text(WIDTH - RIGHT, 20, yLabel, 'text-anchor="end" fill="#868e96"'),
    ...lines.reverse(),
    ...legend,
    '</svg>',
    '',
  ].join('\n')
}

function label(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 100) / 100)
}

function text(x, y, content, more = '') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content}</text>`
}
