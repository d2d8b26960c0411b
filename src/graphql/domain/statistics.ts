import { type Minute, STATISTICS_MINUTES } from '../../cluster/statistics.ts'
import { addBuckets, type BucketCounts, percentileOf } from '../../distribution.ts'
import { badUserInput } from '../../errors.ts'
import type { Services } from '../context.ts'
import { type Events, eventStream } from './events.ts'

const EVENT_INTERVAL_MS = 1_000 // 1 second: as often as replicas add what they counted
const MS_PER_SECOND = 1_000

/** What went through all replicas in the last minutes. Throws `BAD_USER_INPUT` for more than a day, or less than a minute. */
export async function readStatistics(services: Services, lastMinutes: number) {
  if (lastMinutes < 1 || lastMinutes > STATISTICS_MINUTES) {
    throw badUserInput(`lastMinutes must be from 1 to ${STATISTICS_MINUTES}.`, { argument: 'lastMinutes' })
  }
  const minutes = await services.statistics.read(lastMinutes)
  return { ...summaryOf(minutes), minutes: minutes.map(toMinuteStatistics), now: ratesOf(services) }
}

type StatisticsResult = Awaited<ReturnType<typeof readStatistics>>

/** The statistics at once, then every second for as long as the store is there. */
export async function watchStatistics(
  services: Services,
  lastMinutes: number,
): Promise<Events<'statistics', StatisticsResult>> {
  const first = await readStatistics(services, lastMinutes)
  return eventStream('statistics', async (send) => {
    send(first)
    const next = () => {
      // While the store is away there is nothing new; an error would end the client's operation for good.
      readStatistics(services, lastMinutes).then(send, (error: unknown) =>
        services.log.debug({ err: error }, 'statistics could not be read'),
      )
    }
    const timer = setInterval(next, EVENT_INTERVAL_MS)
    return async () => clearInterval(timer)
  })
}

function toMinuteStatistics(minute: Minute) {
  const { startedAt, latencyMs: _latencyMs, sessionMs: _sessionMs, ...counts } = minute
  return { minute: new Date(startedAt), ...counts, ...summaryOf([minute]) }
}

function summaryOf(minutes: readonly Minute[]) {
  const latencyMs = new Map<number, number>()
  const sessionMs = new Map<number, number>()
  let sent = 0
  let delivered = 0
  for (const minute of minutes) {
    sent += minute.sent
    delivered += minute.delivered
    addBuckets(latencyMs, minute.latencyMs)
    addBuckets(sessionMs, minute.sessionMs)
  }
  return {
    // What was sent just before these minutes may have been proved in them.
    deliveryRate: sent === 0 ? 1 : Math.min(1, delivered / sent),
    deliveryLatencyMs: percentilesOf(latencyMs, 1),
    sessionSeconds: percentilesOf(sessionMs, MS_PER_SECOND),
  }
}

function percentilesOf(counts: BucketCounts, unit: number) {
  const at = (share: number) => percentileOf(counts, share) / unit
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

function ratesOf({ registry }: Services) {
  const rates = registry.replicas().map((replica) => replica.rates)
  const sum = (name: keyof (typeof rates)[number]) => rates.reduce((total, each) => total + each[name], 0)
  return {
    pushesPerSecond: sum('pushesPerSecond'),
    sentPerSecond: sum('sentPerSecond'),
    deliveredPerSecond: sum('deliveredPerSecond'),
  }
}
