import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useQuery } from 'urql'
import { formatAgo, formatPayload } from '../client/format.ts'
import { useNow } from '../client/use-now.ts'
import { InboxDocument } from '../generated/operations.ts'
import { Icon } from './icons.tsx'
import { Card, Empty } from './page.tsx'
import { Problem } from './problem.tsx'

const PAGE = 20

/** The retained messages, newest first, page by page into the past. */
export function InboxCard({ identifier }: { readonly identifier: string }) {
  const now = useNow()
  const [before, setBefore] = useState<string | null>(null)
  const [{ data, error, fetching }, read] = useQuery({
    query: InboxDocument,
    variables: { identifier, before },
  })
  const messages = data?.inbox.toReversed() ?? []
  const oldest = messages.at(-1)
  const fromStart = () => (before === null ? read() : setBefore(null))
  return (
    <Card
      title="Retained inbox"
      aside={
        <Button
          size="xs"
          variant="default"
          loading={fetching}
          leftSection={<Icon name="refresh" size={14} />}
          onClick={fromStart}
        >
          {before === null ? 'Read again' : 'Newest'}
        </Button>
      }
    >
      {error ? (
        <Problem error={error} onRetry={() => read()} />
      ) : !data ? (
        <Skeleton height={60} />
      ) : messages.length === 0 ? (
        <Empty title={before === null ? 'The inbox is empty' : 'That was the oldest one'}>
          Messages are kept as long as the settings say, or their own time to live.
        </Empty>
      ) : (
        <Stack gap="sm">
          {messages.map((message) => (
            <Group key={message.cursor} align="flex-start" wrap="nowrap" gap="md">
              <Stack gap={0} w={130} style={{ flex: 'none' }}>
                <Text size="xs">{formatAgo(message.pushedAt, now)}</Text>
                <Text size="xs" c="dimmed">
                  {message.from === null ? '' : `from ${message.from}, `}
                  {message.trigger === 'HTTP' ? 'over HTTP' : 'over WebSocket'}
                </Text>
              </Stack>
              <pre className="payload">{formatPayload(message.payload)}</pre>
            </Group>
          ))}
          {oldest && messages.length === PAGE && (
            <Group justify="center">
              <Button size="xs" variant="subtle" onClick={() => setBefore(oldest.cursor)}>
                Older
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Card>
  )
}
