const WIDTH = 100
const HEIGHT = 28

interface Props {
  /** What it shows, for those who do not see it. */
  readonly label: string
  readonly values: readonly number[]
  /** How one value is told. */
  readonly format: (value: number) => string
  /** The scale ends here at least, so that noise does not look like a mountain. */
  readonly atLeast: number
}

/** The last minute of one figure: one point a second, the newest at the right. */
export function Sparkline({ label, values, format, atLeast }: Props) {
  const top = Math.max(atLeast, ...values)
  const points = values.map((value, index) => {
    const x = WIDTH - ((values.length - 1 - index) * WIDTH) / 59
    return `${x.toFixed(1)},${(HEIGHT - (value / top) * (HEIGHT - 2) - 1).toFixed(1)}`
  })
  const line = points.length > 1 ? `M${points.join('L')}` : ''
  const first = points[0]?.split(',')[0]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const told = values.length > 0 ? `, from ${format(least)} to ${format(most)} in the last minute` : ''
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}${told}`}
    >
      <path className="base" d={`M0,${HEIGHT}H${WIDTH}`} />
      {line && <path className="area" d={`${line}L${WIDTH},${HEIGHT}L${first},${HEIGHT}Z`} />}
      <path d={line} />
    </svg>
  )
}
