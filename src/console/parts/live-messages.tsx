import { Group, Stack, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { useSubscription } from 'urql'
import { formatCount, formatPayload, formatTime } from '../client/format.ts'
import { WatchMessagesDocument, type WatchMessagesSubscription } from '../generated/operations.ts'
import { Card, Empty } from './page.tsx'
import { Problem } from './problem.tsx'

type Message = WatchMessagesSubscription['messages']

/** What came while watching, and what the gateway said of repeats and losses. */
interface Seen {
  readonly received: number
  readonly repeated: number
  /** Null once nobody can know. */
  readonly missed: number | null
  /** Newest first. */
  readonly last: readonly Message[]
}

const NOTHING: Seen = { received: 0, repeated: 0, missed: 0, last: [] }
const SHOWN = 30

/** Messages as the identifier's own clients get them: by a subscription of the same kind. */
export function LiveMessages({ identifier }: { readonly identifier: string }) {
  const [watching, setWatching] = useState(false)
  return (
    <Card
      title="Watch live"
      aside={
        <Switch
          label="Watch"
          checked={watching}
          onChange={(event) => setWatching(event.currentTarget.checked)}
        />
      }
    >
      {watching ? (
        <Watching identifier={identifier} />
      ) : (
        <Empty title="Not watching">
          While you watch, this console is one of the subscriptions of {identifier}: it counts as online.
        </Empty>
      )}
    </Card>
  )
}

function Watching({ identifier }: { readonly identifier: string }) {
  const [seen, setSeen] = useState(NOTHING)
  const [{ error }, subscribe] = useSubscription(
    { query: WatchMessagesDocument, variables: { identifier } },
    (_before: unknown, { messages }: WatchMessagesSubscription) => {
      setSeen((before) => withMessage(before, messages))
      return null
    },
  )
  if (error) return <Problem error={error} onRetry={() => subscribe()} />
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {formatCount(seen.received)} received, {formatCount(seen.repeated)} of them repeated after a
        reconnect;{' '}
        <b>
          {seen.missed === null
            ? 'how many were missed nobody can know: the store lost its data'
            : `${formatCount(seen.missed)} missed`}
        </b>
        .
      </Text>
      {seen.last.length === 0 ? (
        <Empty title="Waiting for messages">Push one to {identifier}: it shows here at once.</Empty>
      ) : (
        <Stack gap="xs" role="log" aria-label={`Messages to ${identifier}`}>
          {seen.last.map((message) => (
            <Group
              key={`${message.cursor} ${message.id}`}
              align="flex-start"
              wrap="nowrap"
              gap="sm"
              className="arrives"
            >
              <span className="label number">{formatTime(message.pushedAt)}</span>
              <pre className="payload">{formatPayload(message.payload)}</pre>
              {message.identifier === '*' && <span className="label">to everyone</span>}
              {message.redelivered && <span className="label">repeated</span>}
            </Group>
          ))}
        </Stack>
      )}
    </Stack>
  )
}

function withMessage(seen: Seen, message: Message): Seen {
  const isSame = (other: Message) => other.id === message.id && other.identifier === message.identifier
  return {
    received: seen.received + 1,
    repeated: seen.repeated + (message.redelivered ? 1 : 0),
    missed: seen.missed === null || message.missed === null ? null : seen.missed + message.missed,
    last: [message, ...seen.last.filter((other) => !isSame(other))].slice(0, SHOWN),
  }
}
