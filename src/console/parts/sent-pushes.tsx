import { Button, Group, Paper, Progress, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useMutation, useSubscription } from 'urql'
import { formatCount, formatTime } from '../client/format.ts'
import { messageOf } from '../client/graphql.ts'
import { useNow } from '../client/use-now.ts'
import { CancelPushDocument, type PushMutation, WatchReceiptDocument } from '../generated/operations.ts'
import { Card, Empty } from './page.tsx'
import { Problem } from './problem.tsx'

/** What the server answered, and to whom it went. */
export type SentPush = PushMutation['push'] & { readonly to: string; readonly everyone: boolean }

const SHOWN_OFFLINE = 5

/** The pushes sent from this page, newest first, each with its receipt as it fills. */
export function SentPushes({ pushes }: { readonly pushes: readonly SentPush[] }) {
  return (
    <Card title="Receipts">
      {pushes.length === 0 ? (
        <Empty title="Nothing sent yet">
          Each push shows here how many subscriptions it was written to, how many proved to have it, and how
          many acknowledged it.
        </Empty>
      ) : (
        <Stack gap="sm">
          {pushes.map((push) => (
            <Sent key={push.id} push={push} />
          ))}
        </Stack>
      )}
    </Card>
  )
}

function Sent({ push }: { readonly push: SentPush }) {
  const { id, to, offline, deliverAt } = push
  const now = useNow()
  const [cancelled, setCancelled] = useState(false)
  const waits = deliverAt !== null && Date.parse(deliverAt) > now
  return (
    <Paper component="article" withBorder p="sm" aria-label={`Push to ${to}`} className="arrives">
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }} lineClamp={2}>
            {to}
          </Text>
          <span className="label mono">{id.slice(0, 8)}</span>
        </Group>
        {cancelled ? (
          <Text size="sm">Taken back before it went out.</Text>
        ) : (
          <>
            <Text size="sm" role="status">
              Accepted for {audienceOf(push)}
              {deliverAt === null ? '.' : `; it ${waits ? 'goes' : 'went'} out at ${formatTime(deliverAt)}.`}
            </Text>
            {offline.length > 0 && <Offline identifiers={offline} />}
            <Receipt pushId={id} />
            {waits && <TakeBack id={id} onTaken={() => setCancelled(true)} />}
          </>
        )}
      </Stack>
    </Paper>
  )
}

function audienceOf({ everyone, accepted }: SentPush): string {
  if (everyone) return 'everyone'
  return `${formatCount(accepted)} ${accepted === 1 ? 'identifier' : 'identifiers'}`
}

function Offline({ identifiers }: { readonly identifiers: readonly string[] }) {
  const more = identifiers.length - SHOWN_OFFLINE
  return (
    <Text size="sm" c="dimmed">
      Offline: {identifiers.slice(0, SHOWN_OFFLINE).join(', ')}
      {more > 0 && ` and ${formatCount(more)} more`}. They get it when they resume, or from their inbox.
    </Text>
  )
}

function Receipt({ pushId }: { readonly pushId: string }) {
  const [{ data, error }, watch] = useSubscription({ query: WatchReceiptDocument, variables: { pushId } })
  if (error) return <Problem error={error} onRetry={() => watch()} />
  const { sent = 0, delivered = 0, acknowledged = 0 } = data?.receipt ?? {}
  const steps = [
    { name: 'Sent', count: sent, color: 'gray' },
    { name: 'Delivered', count: delivered, color: 'green' },
    { name: 'Acknowledged', count: acknowledged, color: 'indigo' },
  ]
  return (
    <Stack gap={6} role="group" aria-label="Receipt">
      {steps.map(({ name, count, color }) => (
        <Group key={name} gap="sm" wrap="nowrap">
          <Text size="sm" w={104}>
            {name}
          </Text>
          <Progress
            flex={1}
            value={sent === 0 ? 0 : (count / sent) * 100}
            color={color}
            aria-label={`${name} of sent`}
          />
          <Text size="sm" fw={600} w={64} ta="right" className="number">
            {formatCount(count)}
          </Text>
        </Group>
      ))}
    </Stack>
  )
}

function TakeBack({ id, onTaken }: { readonly id: string; onTaken(): void }) {
  const [{ fetching }, cancel] = useMutation(CancelPushDocument)
  const take = async () => {
    const { data, error } = await cancel({ id })
    if (data?.cancelPush) return onTaken()
    notifications.show({
      color: 'red',
      title: 'It was not taken back',
      message: error ? messageOf(error) : 'It has gone out already.',
    })
  }
  return (
    <Group justify="flex-end">
      <Button size="xs" variant="default" loading={fetching} onClick={take}>
        Take back
      </Button>
    </Group>
  )
}
