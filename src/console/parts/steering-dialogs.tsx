import { NumberInput, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { useCluster } from '../client/cluster-context.tsx'
import { formatCount, formatSeconds } from '../client/format.ts'
import {
  DrainDocument,
  DrainSecondsDocument,
  RebalanceDocument,
  type ReplicaCardFragment,
} from '../generated/operations.ts'
import { Confirm } from './confirm.tsx'
import { Problem } from './problem.tsx'

interface DrainProps {
  /** Null while nobody asks. */
  readonly replica: ReplicaCardFragment | null
  /** Replicas that would be left to take its sessions. */
  readonly others: number
  onClose(): void
}

export function DrainDialog({ replica, others, onClose }: DrainProps) {
  const [seconds, setSeconds] = useState<number | string>(30)
  const [{ fetching, error }, drain] = useMutation(DrainDocument)
  const confirm = async () => {
    if (!replica) return
    const answer = await drain({ replicaId: replica.id, withinSeconds: Number(seconds) })
    if (!answer.error) onClose()
  }
  return (
    <Confirm
      opened={replica !== null}
      title={`Drain ${replica?.id ?? ''}`}
      action="Drain"
      color="#a33c00"
      busy={fetching}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Text size="sm">
        It takes no new session{others > 0 && `, and ${moveOf(replica?.sessions ?? 0, others)}`}.
      </Text>
      {others === 0 && (
        <Text size="sm" c="var(--cp-bad)" fw={600}>
          No other replica takes sessions: clients find no place until you take this back.
        </Text>
      )}
      <NumberInput
        label="Seconds"
        description="Longer is gentler on the other replicas."
        value={seconds}
        onChange={setSeconds}
        min={0}
        max={86_400}
        clampBehavior="strict"
        allowDecimal={false}
        required
      />
      {error && <Problem error={error} />}
    </Confirm>
  )
}

function moveOf(sessions: number, others: number): string {
  if (sessions === 0) return 'holds none that would have to move'
  const what = sessions === 1 ? 'its session moves' : `its ${formatCount(sessions)} sessions move`
  const where = others === 1 ? 'the other replica' : `the other ${formatCount(others)} replicas`
  return `${what} to ${where}, evenly over this time. Nobody misses a message`
}

export function RebalanceDialog({ opened, onClose }: { readonly opened: boolean; onClose(): void }) {
  const [threshold, setThreshold] = useState<number | string>(1.1)
  const { rebalancing } = useCluster()
  const [{ data: settings }] = useQuery({ query: DrainSecondsDocument, pause: !opened })
  const [{ fetching, error }, rebalance] = useMutation(RebalanceDocument)
  const seconds = settings?.settings.drainSeconds
  const confirm = async () => {
    const { data } = await rebalance({ threshold: Number(threshold) })
    if (!data) return
    if (data.rebalance > 0) rebalancing(data.rebalance, seconds ?? 0)
    else notifications.show({ title: 'Rebalance', message: 'The replicas are even: no session moves.' })
    onClose()
  }
  return (
    <Confirm
      opened={opened}
      title="Rebalance the replicas"
      action="Rebalance"
      busy={fetching}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Text size="sm">
        What a replica holds above this many times the mean moves to the others
        {seconds !== undefined && `, evenly over ${formatSeconds(seconds)}`}. Nobody misses a message.
      </Text>
      <NumberInput
        label="Threshold"
        description="1.1: up to a tenth above the mean is left alone."
        value={threshold}
        onChange={setThreshold}
        min={1}
        max={10}
        step={0.05}
        decimalScale={2}
        required
      />
      {error && <Problem error={error} />}
    </Confirm>
  )
}
