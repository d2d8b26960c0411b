import { Alert } from '@mantine/core'
import { useCluster } from '../client/cluster-context.tsx'
import { formatCount, formatTime } from '../client/format.ts'

/** Says on every page that a replica went without having been drained. */
export function GoneNotices() {
  const { gone, dismiss } = useCluster()
  return gone
    .filter(({ drained }) => !drained)
    .map(({ id, at, sessions }) => (
      <Alert
        key={id}
        color="red"
        variant="outline"
        mb="md"
        role="alert"
        title={`Replica ${id} is gone`}
        withCloseButton
        closeButtonLabel={`Dismiss the notice of ${id}`}
        onClose={() => dismiss(id)}
      >
        It was not heard of any more at {formatTime(at)}, and had not been drained. {comeBack(sessions)}
      </Alert>
    ))
}

function comeBack(sessions: number): string {
  if (sessions === 0) return 'It held no session.'
  if (sessions === 1) return 'Its session comes back on another replica, and goes on where it was.'
  return `Its ${formatCount(sessions)} sessions come back on the other replicas, and go on where they were.`
}
