import { Button, Group, SimpleGrid, Skeleton, Table, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useEffect, useState } from 'react'
import { useMutation, useQuery, useSubscription } from 'urql'
import { formatAgo, formatBytes, formatCount } from '../client/format.ts'
import { useNow } from '../client/use-now.ts'
import { DisconnectDocument, SessionsDocument, WatchPresenceDocument } from '../generated/operations.ts'
import { Confirm } from './confirm.tsx'
import { InboxCard } from './inbox-card.tsx'
import { LiveMessages } from './live-messages.tsx'
import { Card, Empty } from './page.tsx'
import { Problem } from './problem.tsx'

/** All that is known of one identifier, live. */
export function IdentifierView({ identifier }: { readonly identifier: string }) {
  const now = useNow()
  const [presence, watchAgain] = useSubscription({ query: WatchPresenceDocument, variables: { identifier } })
  const [sessions, readSessions] = useQuery({ query: SessionsDocument, variables: { identifier } })
  const [asking, setAsking] = useState(false)
  const seen = presence.data?.presence
  // Sessions are asked for anew whenever one came or went.
  useEffect(() => {
    if (seen) readSessions()
  }, [seen, readSessions])
  if (presence.error) return <Problem error={presence.error} onRetry={() => watchAgain()} />
  if (!seen) return <Skeleton height={180} radius="md" aria-label="Loading" />
  const nodes = sessions.data?.sessions.edges.map(({ node }) => node) ?? []
  return (
    <>
      <Card
        title={identifier}
        aside={
          <span className="state" data-tone={seen.online ? 'up' : 'quiet'} role="status">
            {seen.online ? 'Online' : 'Offline'}
          </span>
        }
      >
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Fact label="Live subscriptions">{formatCount(seen.subscriptions)}</Fact>
          <Fact label={seen.replicaIds.length > 1 ? 'Held by replicas' : 'Held by replica'}>
            {seen.replicaIds.length > 0 ? <span className="mono">{seen.replicaIds.join(', ')}</span> : 'none'}
          </Fact>
          <Fact label="Last seen">
            {seen.online ? 'now' : seen.lastSeen === null ? 'never' : formatAgo(seen.lastSeen, now)}
          </Fact>
        </SimpleGrid>
      </Card>
      <Card
        title={`Sessions${sessions.data ? ` (${formatCount(sessions.data.sessions.totalCount)})` : ''}`}
        aside={
          <Button size="xs" variant="default" disabled={!seen.online} onClick={() => setAsking(true)}>
            Disconnect …
          </Button>
        }
      >
        {sessions.error ? (
          <Problem error={sessions.error} onRetry={() => readSessions()} />
        ) : nodes.length === 0 ? (
          <Empty title="No session holds it">
            Pushes to it are kept in its inbox, and come when it subscribes again.
          </Empty>
        ) : (
          <Table.ScrollContainer
            minWidth={640}
            scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Sessions' } }}
          >
            <Table aria-label="Sessions">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Client</Table.Th>
                  <Table.Th>Replica</Table.Th>
                  <Table.Th>Connected</Table.Th>
                  <Table.Th>Active</Table.Th>
                  <Table.Th ta="right">Waiting</Table.Th>
                  <Table.Th ta="right">Unproved</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {nodes.map((node) => (
                  <Table.Tr key={node.id}>
                    <Table.Td>
                      <Text size="sm">{node.subject ?? node.remoteAddress ?? 'unknown'}</Text>
                      <Text size="xs" c="dimmed" lineClamp={1} maw={260} title={node.userAgent ?? ''}>
                        {node.userAgent ?? 'no user agent'}
                      </Text>
                    </Table.Td>
                    <Table.Td className="mono">{node.replicaId}</Table.Td>
                    <Table.Td>{formatAgo(node.connectedAt, now)}</Table.Td>
                    <Table.Td>{formatAgo(node.lastActiveAt, now)}</Table.Td>
                    <Table.Td ta="right" className="number">
                      {formatBytes(node.bufferedBytes)}
                    </Table.Td>
                    <Table.Td ta="right" className="number">
                      {formatCount(node.unconfirmed)}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Card>
      <LiveMessages identifier={identifier} />
      <InboxCard identifier={identifier} />
      <DisconnectDialog
        identifier={identifier}
        sessions={nodes.length}
        opened={asking}
        onClose={() => setAsking(false)}
      />
    </>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <div className="label">{label}</div>
      <Text>{children}</Text>
    </div>
  )
}

interface DisconnectProps {
  readonly identifier: string
  readonly sessions: number
  readonly opened: boolean
  onClose(): void
}

function DisconnectDialog({ identifier, sessions, opened, onClose }: DisconnectProps) {
  const [reason, setReason] = useState('')
  const [{ fetching, error }, disconnect] = useMutation(DisconnectDocument)
  const confirm = async () => {
    const { data } = await disconnect({ identifier, reason: reason.trim() || null })
    if (!data) return
    notifications.show({
      title: 'Disconnected',
      message: `${formatCount(data.disconnect)} ${data.disconnect === 1 ? 'session' : 'sessions'} of ${identifier} closed.`,
    })
    onClose()
  }
  return (
    <Confirm
      opened={opened}
      title={`Disconnect ${identifier}`}
      action="Disconnect"
      color="red.9"
      busy={fetching}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Group gap={4}>
        <Text size="sm">
          {sessions === 1 ? 'Its session is' : `All its ${formatCount(sessions)} sessions are`} closed for
          good (4411), with everything else that they hold: stock clients stay away until the application
          subscribes again.
        </Text>
      </Group>
      <TextInput
        label="Reason"
        description="What the clients are told."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {error && <Problem error={error} />}
    </Confirm>
  )
}
