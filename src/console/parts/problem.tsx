import { Alert, Button, Text } from '@mantine/core'
import type { CombinedError } from 'urql'
import { codeOf, messageOf } from '../client/graphql.ts'

/** What to do about each error code. */
const FIXES: Readonly<Record<string, { title: string; fix: string }>> = {
  UNAUTHENTICATED: { title: 'Not signed in', fix: 'Sign in with a token that is valid now.' },
  FORBIDDEN: {
    title: 'Your token does not allow this',
    fix: 'Sign in with an admin’s token; cloudpush token --admin makes one.',
  },
  BROKER_UNAVAILABLE: {
    title: 'The store cannot be reached',
    fix: 'Nothing was accepted. Check Redis; sending again is safe, since the same id is stored once.',
  },
  RATE_LIMITED: {
    title: 'Too many at once',
    fix: 'Wait a moment, or raise the rate under Settings.',
  },
  PAYLOAD_TOO_LARGE: {
    title: 'The payload is too large',
    fix: 'Shorten it, or raise the limit under Settings.',
  },
  NOT_FOUND: { title: 'Not there', fix: 'It is gone, or was never there.' },
  NOT_IMPLEMENTED: {
    title: 'This replica does not have it yet',
    fix: 'It runs an older version: update it, then reload this page.',
  },
  INTERNAL: {
    title: 'Something went wrong on the server',
    fix: 'The details are in the log of the replica.',
  },
}

interface Props {
  readonly error: CombinedError
  readonly onRetry?: () => void
}

/** A failed operation: what the server said, and what to do about it. */
export function Problem({ error, onRetry }: Props) {
  const code = codeOf(error)
  const known = code === null ? undefined : FIXES[code]
  return (
    <Alert color="red" variant="outline" title={known?.title ?? 'That did not work'} role="alert">
      <Text size="sm">{messageOf(error)}</Text>
      {known && (
        <Text size="sm" c="dimmed" mt={4}>
          {known.fix}
        </Text>
      )}
      {onRetry && (
        <Button size="xs" variant="default" mt="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}
