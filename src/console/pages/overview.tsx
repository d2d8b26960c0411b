import { Button, Group, Progress, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useMutation, useSubscription } from 'urql'
import type { Activity, Change, Total } from '../client/cluster.ts'
import { useCluster } from '../client/cluster-context.tsx'
import { formatCount, formatFine, formatShare, formatTime } from '../client/format.ts'
import { messageOf } from '../client/graphql.ts'
import { UndrainDocument, WatchDeliveryRateDocument } from '../generated/operations.ts'
import { Card, Empty, Figure, Page } from '../parts/page.tsx'
import { Problem } from '../parts/problem.tsx'
import { ReplicaCard } from '../parts/replica-card.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { DrainDialog, RebalanceDialog } from '../parts/steering-dialogs.tsx'

const SENTENCES: Readonly<Record<Change, string>> = {
  joined: 'joined',
  draining: 'is draining',
  drained: 'is drained: it can be stopped',
  undrained: 'takes sessions again',
  left: 'left after its drain',
  gone: 'is gone',
}

export function OverviewPage() {
  const { replicas, history, activity, rebalance, error, retry } = useCluster()
  const [draining, setDraining] = useState<string | null>(null)
  const [rebalancing, setRebalancing] = useState(false)
  const [, undrain] = useMutation(UndrainDocument)
  const takeBack = async (replicaId: string) => {
    const answer = await undrain({ replicaId })
    if (answer.error) notifications.show({ color: 'red', title: 'Undrain', message: messageOf(answer.error) })
  }
  const accepting = replicas?.filter(({ state }) => state === 'UP') ?? []
  return (
    <Page
      title="Overview"
      lead="Every replica, a second ago at most."
      actions={
        <Button
          variant="default"
          disabled={accepting.length < 2 || rebalance !== null}
          onClick={() => setRebalancing(true)}
        >
          Rebalance …
        </Button>
      }
    >
      {error && <Problem error={error} onRetry={retry} />}
      <Totals />
      {rebalance && (
        <Card title="Rebalance">
          <Progress
            value={(rebalance.moved / rebalance.sessions) * 100}
            animated
            mb={6}
            aria-label="Rebalance"
          />
          <Text size="sm" role="status">
            {formatCount(rebalance.moved)} of {formatCount(rebalance.sessions)} sessions have moved.
          </Text>
        </Card>
      )}
      {replicas === null ? (
        !error && <Loading />
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2, lg: replicas.length > 2 ? 3 : 2 }}>
          {replicas.map((replica) => (
            <ReplicaCard
              key={replica.id}
              replica={replica}
              history={history.get(replica.id) ?? []}
              onDrain={() => setDraining(replica.id)}
              onUndrain={() => takeBack(replica.id)}
            />
          ))}
        </SimpleGrid>
      )}
      <Card title="Activity">
        {activity.length === 0 ? (
          <Empty title="Nothing has changed since you opened the console">
            Replicas that join, drain, leave or die are told here, whichever page you are on.
          </Empty>
        ) : (
          <Stack
            component="ol"
            gap={6}
            role="log"
            aria-label="Activity"
            p={0}
            m={0}
            style={{ listStyle: 'none' }}
          >
            {activity.map((each) => (
              <Group key={each.key} component="li" gap="sm" wrap="nowrap">
                <span className="label number">{formatTime(each.at)}</span>
                <Text size="sm" {...(each.kind === 'gone' ? { fw: 600, c: 'var(--cp-bad)' } : {})}>
                  <Told activity={each} />
                </Text>
              </Group>
            ))}
          </Stack>
        )}
      </Card>
      <DrainDialog
        replica={replicas?.find(({ id }) => id === draining) ?? null}
        others={accepting.filter(({ id }) => id !== draining).length}
        onClose={() => setDraining(null)}
      />
      <RebalanceDialog opened={rebalancing} onClose={() => setRebalancing(false)} />
    </Page>
  )
}

function Told({ activity }: { readonly activity: Activity }) {
  if (activity.kind === 'rebalanced') {
    const { moved, sessions } = activity
    return `The rebalance has ended: ${formatCount(moved)} of ${formatCount(sessions)} sessions have moved.`
  }
  return (
    <>
      <span className="mono">{activity.replicaId}</span> {SENTENCES[activity.kind]}
    </>
  )
}

/** What all replicas hold, and what goes through them. */
function Totals() {
  const { totals } = useCluster()
  const [{ data, error }, subscribe] = useSubscription({ query: WatchDeliveryRateDocument })
  const now = totals.at(-1)
  const line = (label: string, key: keyof Total, format: (value: number) => string, atLeast: number) => (
    <Sparkline label={label} values={totals.map((total) => total[key])} format={format} atLeast={atLeast} />
  )
  return (
    <>
      {error && <Problem error={error} onRetry={() => subscribe()} />}
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          label="Sessions"
          value={now ? formatCount(now.sessions) : '–'}
          hint={now ? `room for ${formatCount(now.capacity)}` : undefined}
        >
          {line('Sessions', 'sessions', formatCount, 10)}
        </Figure>
        <Figure label="Pushes per second" value={now ? formatFine(now.pushes) : '–'} hint="accepted">
          {line('Pushes per second', 'pushes', formatFine, 10)}
        </Figure>
        <Figure
          label="Deliveries per second"
          value={now ? formatFine(now.deliveries) : '–'}
          hint="proved by clients"
        >
          {line('Deliveries per second', 'deliveries', formatFine, 10)}
        </Figure>
        <Figure
          label="Delivery rate"
          value={data ? formatShare(data.statistics.deliveryRate) : '–'}
          hint="of what was sent in 15 minutes"
        />
      </SimpleGrid>
    </>
  )
}

function Loading() {
  return (
    <SimpleGrid
      cols={{ base: 1, md: 2, lg: 3 }}
      aria-busy="true"
      aria-label="Loading the replicas"
      role="status"
    >
      <Skeleton height={260} radius="md" />
      <Skeleton height={260} radius="md" />
    </SimpleGrid>
  )
}
