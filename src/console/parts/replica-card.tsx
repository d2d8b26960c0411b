import { Button, Group, Paper, Progress, SimpleGrid, Stack, Text, Tooltip } from '@mantine/core'
import { isDrained, type Sample } from '../client/cluster.ts'
import { formatAgo, formatBytes, formatCount, formatFine, formatMs } from '../client/format.ts'
import { useNow } from '../client/use-now.ts'
import type { ReplicaCardFragment } from '../generated/operations.ts'
import { Sparkline } from './sparkline.tsx'

const MEBIBYTE = 1_048_576

interface Props {
  readonly replica: ReplicaCardFragment
  readonly history: readonly Sample[]
  onDrain(): void
  onUndrain(): void
}

/** One replica: whether it takes connections, how full and how well it is. */
export function ReplicaCard({ replica, history, onDrain, onUndrain }: Props) {
  const { id, sessions, capacity, weight, health } = replica
  const network = health.networkReceiveBytesPerSecond + health.networkTransmitBytesPerSecond
  const readings = [
    { name: 'CPU', value: `${formatFine(health.cpuPercent)} %`, key: 'cpu', format: percent, atLeast: 100 },
    {
      name: 'Memory',
      value: formatBytes(health.memoryBytes),
      key: 'memory',
      format: formatBytes,
      atLeast: 256 * MEBIBYTE,
    },
    { name: 'Network', value: perSecond(network), key: 'network', format: perSecond, atLeast: MEBIBYTE / 8 },
    {
      name: 'Event loop',
      value: formatMs(health.eventLoopDelayMs),
      key: 'delay',
      format: formatMs,
      atLeast: 20,
    },
  ] as const
  return (
    <Paper component="article" withBorder p="md" shadow="xs" aria-label={`Replica ${id}`}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <h3 className="mono" style={{ margin: 0 }}>
              {id}
            </h3>
            <Uptime replica={replica} />
          </div>
          <ReplicaState replica={replica} />
        </Group>
        <div>
          <Group justify="space-between" mb={4}>
            <Text size="sm">
              <b className="number">{formatCount(sessions)}</b> of {formatCount(capacity)} sessions
            </Text>
            <Text size="sm">
              weight <b className="number">{formatFine(weight)} %</b>
            </Text>
          </Group>
          <Progress
            value={(sessions / capacity) * 100}
            color={sessions / capacity > 0.9 ? 'red' : 'indigo'}
            aria-label={`Sessions of capacity of ${id}`}
          />
        </div>
        <SimpleGrid cols={2} spacing="md" verticalSpacing="xs">
          {readings.map(({ name, value, key, format, atLeast }) => (
            <div key={key}>
              <Group justify="space-between" gap={4} wrap="nowrap">
                <span className="label">{name}</span>
                <span className="label number">{value}</span>
              </Group>
              <Sparkline
                label={`${name} of ${id}`}
                values={history.map((sample) => sample[key])}
                format={format}
                atLeast={atLeast}
              />
            </div>
          ))}
        </SimpleGrid>
        <Steering replica={replica} onDrain={onDrain} onUndrain={onUndrain} />
      </Stack>
    </Paper>
  )
}

const percent = (value: number) => `${formatFine(value)} %`
const perSecond = (bytes: number) => `${formatBytes(bytes)}/s`

function Uptime({ replica: { version, startedAt, url } }: Pick<Props, 'replica'>) {
  const now = useNow()
  return (
    <Tooltip label={url} position="bottom-start" withArrow>
      <span className="label">
        v{version} · started {formatAgo(startedAt, now)}
      </span>
    </Tooltip>
  )
}

function ReplicaState({ replica }: Pick<Props, 'replica'>) {
  if (isDrained(replica)) {
    return (
      <span className="state" data-tone="quiet">
        Drained
      </span>
    )
  }
  const [tone, word] = (
    { UP: ['up', 'Up'], DRAINING: ['warn', 'Draining'], STARTING: ['quiet', 'Starting'] } as const
  )[replica.state]
  return (
    <span className="state" data-tone={tone}>
      {word}
    </span>
  )
}

function Steering({ replica, onDrain, onUndrain }: Omit<Props, 'history'>) {
  const { id, state, sessions, drainProgress } = replica
  if (state !== 'DRAINING') {
    return (
      <Group justify="flex-end" mt="auto">
        <Button size="xs" variant="default" onClick={onDrain} aria-label={`Drain ${id}`}>
          Drain …
        </Button>
      </Group>
    )
  }
  const done = isDrained(replica)
  return (
    <Stack gap={6} mt="auto">
      <Progress
        value={done ? 100 : (drainProgress ?? 0) * 100}
        color={done ? 'green' : 'orange'}
        animated={!done}
        aria-label={`Drain of ${id}`}
      />
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" role="status">
          {done
            ? 'No session is left: it can be stopped.'
            : `Draining: ${formatCount(sessions)} ${sessions === 1 ? 'session' : 'sessions'} still to move.`}
        </Text>
        <Button size="xs" variant="default" onClick={onUndrain} aria-label={`Undrain ${id}`} flex="none">
          Undrain
        </Button>
      </Group>
    </Stack>
  )
}
