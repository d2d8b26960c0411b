import { Button, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useMutation, useSubscription } from 'urql'
import type { Activity } from '../client/cluster.ts'
import { useCluster } from '../client/cluster-context.tsx'
import { formatCount, formatFine, formatShare, formatTime } from '../client/format.ts'
import { messageOf } from '../client/graphql.ts'
import { UndrainDocument, WatchRatesDocument } from '../generated/operations.ts'
import { Card, Empty, Figure, Page } from '../parts/page.tsx'
import { Problem } from '../parts/problem.tsx'
import { ReplicaCard } from '../parts/replica-card.tsx'
import { DrainDialog, RebalanceDialog } from '../parts/steering-dialogs.tsx'

const SENTENCES: Readonly<Record<Activity['kind'], string>> = {
  joined: 'joined',
  draining: 'is draining',
  drained: 'is drained: it can be stopped',
  undrained: 'takes sessions again',
  left: 'left after its drain',
  gone: 'is gone',
}

export function OverviewPage() {
  const { replicas, history, activity, error, retry } = useCluster()
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
        <Button variant="default" disabled={accepting.length < 2} onClick={() => setRebalancing(true)}>
          Rebalance …
        </Button>
      }
    >
      {error && <Problem error={error} onRetry={retry} />}
      <Rates />
      {replicas === null ? (
        !error && <Loading />
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }}>
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
            {activity.map(({ key, at, kind, replicaId }) => (
              <Group key={key} component="li" gap="sm" wrap="nowrap">
                <span className="label number">{formatTime(at)}</span>
                <Text size="sm" {...(kind === 'gone' ? { fw: 600 } : {})}>
                  <span className="mono">{replicaId}</span> {SENTENCES[kind]}
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

/** What goes through all replicas now. */
function Rates() {
  const { replicas } = useCluster()
  const [{ data, error }, subscribe] = useSubscription({ query: WatchRatesDocument })
  if (error) return <Problem error={error} onRetry={() => subscribe()} />
  const now = data?.statistics.now
  const sum = (field: 'sessions' | 'capacity') =>
    replicas?.reduce((total, each) => total + each[field], 0) ?? 0
  const show = (value: number | undefined) => (value === undefined ? '–' : formatFine(value))
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      <Figure
        label="Sessions"
        value={replicas ? formatCount(sum('sessions')) : '–'}
        hint={replicas ? `room for ${formatCount(sum('capacity'))}` : undefined}
      />
      <Figure label="Pushes per second" value={show(now?.pushesPerSecond)} hint="accepted" />
      <Figure
        label="Deliveries per second"
        value={show(now?.deliveredPerSecond)}
        hint="proved by the client"
      />
      <Figure
        label="Delivery rate"
        value={data ? formatShare(data.statistics.deliveryRate) : '–'}
        hint="delivered of sent, 15 minutes"
      />
    </SimpleGrid>
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
