import { Button, Group, NumberInput, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useMutation, useSubscription } from 'urql'
import { formatBytes, formatCount, formatSeconds } from '../client/format.ts'
import {
  ConfigureDocument,
  type EverySettingFragment,
  WatchSettingsDocument,
} from '../generated/operations.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Card, Page } from '../parts/page.tsx'
import { Problem } from '../parts/problem.tsx'

type Name = keyof EverySettingFragment

interface Field {
  readonly label: string
  readonly description: string
  readonly format: (value: number) => string
}

const perSecond = (count: number) => (count === 0 ? 'not limited' : `${formatCount(count)} per second`)

const FIELDS: Readonly<Record<Name, Field>> = {
  retentionSeconds: {
    label: 'Retention',
    description: 'How long an inbox keeps a message, seconds.',
    format: formatSeconds,
  },
  retentionMessages: {
    label: 'Messages per inbox',
    description: 'How many an inbox keeps at most.',
    format: formatCount,
  },
  resumeSeconds: {
    label: 'Resume',
    description: 'How long a lost subscription can be resumed, seconds.',
    format: formatSeconds,
  },
  idleTimeoutSeconds: {
    label: 'Idle timeout',
    description: 'No frame for so long: evicted. Seconds.',
    format: formatSeconds,
  },
  drainSeconds: {
    label: 'Drain',
    description: 'A stopping replica closes its sessions over so long, seconds.',
    format: formatSeconds,
  },
  maxPayloadBytes: { label: 'Largest payload', description: 'Bytes of JSON text.', format: formatBytes },
  connectionRatePerSecond: {
    label: 'Connection rate',
    description: 'New ones per second and replica; 0: not limited.',
    format: perSecond,
  },
  pushRatePerSecond: {
    label: 'Push rate',
    description: 'Per second, subject and replica; 0: not limited.',
    format: perSecond,
  },
}

const GROUPS: readonly { readonly title: string; readonly names: readonly Name[] }[] = [
  { title: 'What is kept', names: ['retentionSeconds', 'retentionMessages', 'resumeSeconds'] },
  { title: 'Sessions', names: ['idleTimeoutSeconds', 'drainSeconds', 'connectionRatePerSecond'] },
  { title: 'Pushes', names: ['maxPayloadBytes', 'pushRatePerSecond'] },
]

/** What was written and is not in force yet; the other fields follow what others change. */
type Draft = Partial<Record<Name, number | string>>

export function SettingsPage() {
  const [{ data, error }, watch] = useSubscription({ query: WatchSettingsDocument })
  const [draft, setDraft] = useState<Draft>({})
  const [asking, setAsking] = useState(false)
  const [{ fetching, error: refused }, configure] = useMutation(ConfigureDocument)
  const settings = data?.settings
  const names = Object.keys(FIELDS) as Name[]
  const changed = names.filter(
    (name) => settings && draft[name] !== undefined && Number(draft[name]) !== settings[name],
  )
  const complete = changed.every((name) => draft[name] !== '')
  const apply = async () => {
    const input = Object.fromEntries(changed.map((name) => [name, Number(draft[name])]))
    const answer = await configure({ input })
    setAsking(false)
    if (answer.error) return
    setDraft({})
    notifications.show({ title: 'Settings', message: 'In force on every replica.' })
  }
  return (
    <Page
      title="Settings"
      lead="In force on every replica; a change is applied while they run, and outlives restarts."
    >
      {error && <Problem error={error} onRetry={() => watch()} />}
      {!settings ? (
        !error && <Skeleton height={320} radius="md" role="status" aria-label="Loading the settings" />
      ) : (
        <form
          aria-label="Settings"
          onSubmit={(event) => {
            event.preventDefault()
            if (changed.length > 0 && complete) setAsking(true)
          }}
        >
          <Stack gap="md">
            {GROUPS.map((group) => (
              <Card key={group.title} title={group.title}>
                <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
                  {group.names.map((name) => (
                    <Setting
                      key={name}
                      field={FIELDS[name]}
                      value={draft[name] ?? settings[name]}
                      inForce={settings[name]}
                      onChange={(value) => setDraft((before) => ({ ...before, [name]: value }))}
                    />
                  ))}
                </SimpleGrid>
              </Card>
            ))}
            {refused && <Problem error={refused} />}
            <Group justify="flex-end">
              <Button
                variant="default"
                disabled={Object.keys(draft).length === 0}
                onClick={() => setDraft({})}
              >
                Discard
              </Button>
              <Button type="submit" disabled={changed.length === 0 || !complete}>
                Apply{' '}
                {changed.length > 0
                  ? `${changed.length} ${changed.length === 1 ? 'change' : 'changes'} …`
                  : '…'}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
      <Confirm
        opened={asking}
        title="Change every replica"
        action="Apply"
        busy={fetching}
        onConfirm={apply}
        onClose={() => setAsking(false)}
      >
        <Stack component="ul" gap={4} m={0} pl="md">
          {settings &&
            changed.map((name) => (
              <Text key={name} component="li" size="sm">
                {FIELDS[name].label}: {FIELDS[name].format(settings[name])} →{' '}
                <b>{FIELDS[name].format(Number(draft[name]))}</b>
              </Text>
            ))}
        </Stack>
      </Confirm>
    </Page>
  )
}

interface SettingProps {
  readonly field: Field
  readonly value: number | string
  readonly inForce: number
  onChange(value: number | string): void
}

function Setting({ field: { label, description, format }, value, inForce, onChange }: SettingProps) {
  const isChanged = value === '' || Number(value) !== inForce
  return (
    <div>
      <NumberInput
        label={label}
        description={description}
        value={value}
        onChange={onChange}
        min={0}
        allowDecimal={false}
        thousandSeparator=","
        {...(value === '' ? { error: 'A number is missing here.' } : {})}
      />
      <Text size="xs" c="dimmed" mt={4}>
        {isChanged ? `Now: ${format(inForce)}` : format(inForce)}
      </Text>
    </div>
  )
}
