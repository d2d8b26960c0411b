import { Button, Popover, Text } from '@mantine/core'
import type { Connection } from '../client/connection.ts'
import { formatMs, formatSeconds, formatTime } from '../client/format.ts'
import { useNow } from '../client/use-now.ts'

const TONES = { connecting: 'warn', live: 'up', lost: 'bad', 'signed-out': 'quiet' } as const
const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
  'signed-out': 'Signed out',
} as const

/** How the connection is, in one word; what it went through, on a click. */
export function ConnectionBadge({ connection }: { readonly connection: Connection }) {
  const { state, reconnects, lastOutageMs, since } = connection
  return (
    <Popover position="bottom-end" withArrow shadow="md" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="subtle" size="compact-md" color="gray" px="xs">
          <span
            className="state"
            data-tone={TONES[state]}
            role="status"
            aria-label={`Connection: ${WORDS[state]}`}
          >
            {WORDS[state]}
          </span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Connection">
        <Text size="sm" fw={600}>
          {WORDS[state]} since {formatTime(since)}
        </Text>
        <Text size="sm" c="dimmed">
          {reconnects === 0
            ? 'It has not been interrupted.'
            : `It came back ${reconnects === 1 ? 'once' : `${reconnects} times`}; the last time it was away for ${formatMs(lastOutageMs ?? 0)}.`}
        </Text>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Tells that what is shown may be old. */
export function LostNotice({ since }: { readonly since: number }) {
  const now = useNow()
  return (
    <Text size="sm" fw={500}>
      The connection was lost {formatSeconds(Math.max(0, Math.floor((now - since) / 1_000)))} ago. What you
      see is from before; the console keeps trying, and goes on from where it was.
    </Text>
  )
}
