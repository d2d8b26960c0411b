import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { formatMinute } from '../client/format.ts'

export interface Series {
  readonly name: string
  /** One per time; null where there is nothing to tell. */
  readonly values: readonly (number | null)[]
}

interface Props {
  /** What it shows, for those who do not see it. */
  readonly label: string
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
}

const HEIGHT = 220
const AXIS_WIDTH = 78
/** Custom properties in console.css, for each colour scheme. */
const COLOURS = ['--cp-1', '--cp-2', '--cp-3']
const DASHES = [[], [6, 3], [2, 3]]

/** Figures over time. Lines differ in their dashes as well, for those who do not tell colours apart. */
export function Chart({ label, times, series, format }: Props) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const scheme = useComputedColorScheme('light')
  const names = series.map(({ name }) => name).join('\n')
  const data = [times, ...series.map(({ values }) => values)] as UPlot.AlignedData
  const latest = useRef(data)
  latest.current = data
  const formatted = useRef(format)
  useEffect(() => {
    const element = holder.current
    if (!element) return
    // `scheme` names the colours that these properties have now.
    const style = getComputedStyle(element)
    const colour = (property: string) => style.getPropertyValue(property) || scheme
    const axis = {
      stroke: colour('--cp-text'),
      grid: { stroke: colour('--cp-grid'), width: 1 },
      ticks: { show: false },
    }
    const options: UPlot.Options = {
      width: element.clientWidth,
      height: HEIGHT,
      padding: [8, 28, 0, 0],
      cursor: { points: { size: 7 } },
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
      axes: [
        { ...axis, space: 84, values: (_plot, ticks) => ticks.map((tick) => formatMinute(tick * 1_000)) },
        { ...axis, size: AXIS_WIDTH, values: (_plot, ticks) => ticks.map((tick) => formatted.current(tick)) },
      ],
      series: [
        // Where nothing is pointed at, the legend tells the last minute.
        {
          label: 'Minute',
          value: (plot, time: number | null) => formatMinute((time ?? plot.data[0].at(-1) ?? 0) * 1_000),
        },
        ...names.split('\n').map((name, index) => ({
          label: name,
          stroke: colour(COLOURS[index] ?? '--cp-1'),
          dash: DASHES[index] ?? [],
          width: 2,
          ...(index === 0 ? { fill: `${colour('--cp-1')}1f` } : {}),
          points: { show: latest.current[0].length < 3 },
          value: (plot: UPlot, pointed: number | null, at: number, point: number | null) => {
            const value = point === null ? plot.data[at]?.at(-1) : pointed
            return value == null ? '–' : formatted.current(value)
          },
        })),
      ],
    }
    const created = new UPlot(options, latest.current, element)
    plot.current = created
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      created.destroy()
    }
  }, [names, scheme])
  useEffect(() => plot.current?.setData(data), [data])
  return <div ref={holder} className="chart" role="img" aria-label={label} />
}
