import { SegmentedControl, SimpleGrid, Skeleton, Stack } from '@mantine/core'
import { useState } from 'react'
import { useSubscription } from 'urql'
import { formatCount, formatFine, formatMs, formatSeconds, formatShare } from '../client/format.ts'
import { WatchStatisticsDocument, type WatchStatisticsSubscription } from '../generated/operations.ts'
import { Chart } from '../parts/chart.tsx'
import { Card, Empty, Figure, Page } from '../parts/page.tsx'
import { Problem } from '../parts/problem.tsx'

type Statistics = WatchStatisticsSubscription['statistics']
type Minute = Statistics['minutes'][number]
type Spread = Statistics['deliveryLatencyMs']

const RANGES = [
  { value: '15', label: '15 min' },
  { value: '60', label: '1 h' },
  { value: '360', label: '6 h' },
]

export function StatisticsPage() {
  const [range, setRange] = useState('60')
  const [{ data, error }, watch] = useSubscription({
    query: WatchStatisticsDocument,
    variables: { lastMinutes: Number(range) },
  })
  return (
    <Page
      title="Statistics"
      lead="All replicas together, minute by minute; the last minute is under way."
      actions={<SegmentedControl aria-label="Time" data={RANGES} value={range} onChange={setRange} />}
    >
      {error && <Problem error={error} onRetry={() => watch()} />}
      {data ? (
        <Shown statistics={data.statistics} />
      ) : (
        !error && <Skeleton height={320} radius="md" role="status" aria-label="Loading the statistics" />
      )}
    </Page>
  )
}

function Shown({ statistics }: { readonly statistics: Statistics }) {
  const { minutes, deliveryRate, deliveryLatencyMs, sessionSeconds } = statistics
  const total = (name: 'pushes' | 'sent' | 'delivered') =>
    minutes.reduce((sum, minute) => sum + minute[name], 0)
  const times = minutes.map(({ minute }) => Date.parse(minute) / 1_000)
  const over = (name: string, read: (minute: Minute) => number | null) => ({
    name,
    values: minutes.map(read),
  })
  const percent = (value: number) => `${formatFine(value)} %`
  const nothing = total('pushes') === 0 && total('sent') === 0
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Figure label="Pushes" value={formatCount(total('pushes'))} hint="accepted" />
        <Figure
          label="Delivery rate"
          value={formatShare(deliveryRate)}
          hint={`${formatCount(total('delivered'))} of ${formatCount(total('sent'))} sent`}
        />
        <Figure
          label="Delivery latency"
          value={formatMs(deliveryLatencyMs.p50)}
          hint={tail(deliveryLatencyMs, formatMs)}
        />
        <Figure
          label="Session length"
          value={formatSeconds(sessionSeconds.p50)}
          hint={tail(sessionSeconds, formatSeconds)}
        />
      </SimpleGrid>
      <Card title="Messages per minute">
        {nothing ? (
          <Empty title="Nothing was pushed in this time">
            Push something: it shows here within a second.
          </Empty>
        ) : (
          <Chart
            label={`Messages per minute: ${formatCount(total('sent'))} sent, ${formatCount(total('delivered'))} delivered in all`}
            times={times}
            series={[
              over('Sent', ({ sent }) => sent),
              over('Delivered', ({ delivered }) => delivered),
              over('Acknowledged', ({ acknowledged }) => acknowledged),
            ]}
            format={formatCount}
          />
        )}
      </Card>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card title="Delivery rate">
          <Chart
            label={`Delivery rate over time, ${formatShare(deliveryRate)} over all of it`}
            times={times}
            series={[over('Delivered of sent', (each) => (each.sent === 0 ? null : each.deliveryRate * 100))]}
            format={percent}
          />
        </Card>
        <Card title="Delivery latency">
          <Chart
            label={`Delivery latency over time, median ${formatMs(deliveryLatencyMs.p50)}, ${tail(deliveryLatencyMs, formatMs)}`}
            times={times}
            series={percentiles(minutes, 'deliveryLatencyMs', ({ delivered }) => delivered > 0)}
            format={formatMs}
          />
        </Card>
        <Card title="Sessions per minute">
          <Chart
            label="Sessions opened and closed per minute"
            times={times}
            series={[
              over('Opened', (each) => each.sessionsOpened),
              over('Closed', (each) => each.sessionsClosed),
            ]}
            format={formatCount}
          />
        </Card>
        <Card title="Session length">
          <Chart
            label={`Length of the sessions that ended, median ${formatSeconds(sessionSeconds.p50)}, ${tail(sessionSeconds, formatSeconds)}`}
            times={times}
            series={percentiles(minutes, 'sessionSeconds', ({ sessionsClosed }) => sessionsClosed > 0)}
            format={formatSeconds}
          />
        </Card>
      </SimpleGrid>
    </Stack>
  )
}

const tail = ({ p90, p99 }: Spread, format: (value: number) => string) =>
  `p90 ${format(p90)}, p99 ${format(p99)}`

function percentiles(
  minutes: readonly Minute[],
  name: 'deliveryLatencyMs' | 'sessionSeconds',
  isKnown: (minute: Minute) => boolean,
) {
  const over = (of: keyof Spread) => minutes.map((minute) => (isKnown(minute) ? minute[name][of] : null))
  return [
    { name: 'Median', values: over('p50') },
    { name: '90th percentile', values: over('p90') },
    { name: '99th percentile', values: over('p99') },
  ]
}
