import {
  Alert,
  Button,
  Code,
  Group,
  NumberInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
} from '@mantine/core'
import { useState } from 'react'
import { useMutation } from 'urql'
import { findJsonError } from '../client/json-error.ts'
import { uuid } from '../client/uuid.ts'
import { PushDocument, type PushInput } from '../generated/operations.ts'
import { JsonEditor } from '../parts/json-editor.tsx'
import { Card, Page } from '../parts/page.tsx'
import { Problem } from '../parts/problem.tsx'
import { type SentPush, SentPushes } from '../parts/sent-pushes.tsx'

const MAX_SENT = 10
/** `delaySeconds` ends at a year. */
const YEAR_SECONDS = 31_536_000

type Audience = 'some' | 'everyone'

export function PushPage() {
  const [audience, setAudience] = useState<Audience>('some')
  const [recipients, setRecipients] = useState<string[]>([])
  // What stands in the field and is no tag yet counts as well.
  const [typed, setTyped] = useState('')
  const [text, setText] = useState('{\n  "text": "hi"\n}')
  const [delay, setDelay] = useState<number | string>(0)
  const [ttl, setTtl] = useState<number | string>('')
  // The id stays until it was accepted: to send again after a failure stores nothing twice.
  const [id, setId] = useState(uuid)
  const [sent, setSent] = useState<readonly SentPush[]>([])
  const [{ fetching, error }, push] = useMutation(PushDocument)
  const mistake = findJsonError(text)
  const to = typed.trim() ? [...new Set([...recipients, typed.trim()])] : recipients
  const complete = !mistake && (audience === 'everyone' || to.length > 0)
  const send = async () => {
    const input: PushInput = {
      id,
      ...(audience === 'everyone' ? { everyone: true } : { to }),
      payload: JSON.parse(text) as unknown,
      delaySeconds: Number(delay),
      ttlSeconds: ttl === '' ? null : Number(ttl),
    }
    const { data } = await push({ input })
    if (!data) return
    const everyone = audience === 'everyone'
    const shown = { ...data.push, everyone, to: everyone ? 'everyone' : to.join(', ') }
    setSent((before) => [shown, ...before].slice(0, MAX_SENT))
    setId(uuid())
  }
  return (
    <Page title="Push" lead="Send a message, and see what becomes of it.">
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: 'start' }}>
        <Card title="Compose">
          <form
            aria-label="Compose a push"
            onSubmit={(event) => {
              event.preventDefault()
              if (complete && !fetching) void send()
            }}
          >
            <Stack>
              <SegmentedControl
                aria-label="Who receives it"
                value={audience}
                onChange={(value) => setAudience(value as Audience)}
                data={[
                  { value: 'some', label: 'Some identifiers' },
                  { value: 'everyone', label: 'Everyone' },
                ]}
              />
              {audience === 'some' ? (
                <TagsInput
                  label="Recipients"
                  description="Identifiers; Enter or a comma after each."
                  placeholder={recipients.length === 0 ? 'alice, device:42, room:lobby' : ''}
                  value={recipients}
                  onChange={setRecipients}
                  searchValue={typed}
                  onSearchChange={setTyped}
                  acceptValueOnBlur
                  clearable
                  clearButtonProps={{ 'aria-label': 'Remove all recipients' }}
                />
              ) : (
                <Alert color="orange" variant="outline" role="note">
                  <Text size="sm">Every live subscription there is gets it.</Text>
                </Alert>
              )}
              <JsonEditor label="Payload" value={text} onChange={setText} mistake={mistake} />
              <Group grow align="flex-start">
                <NumberInput
                  label="Delay"
                  description="Seconds before it goes out."
                  value={delay}
                  onChange={setDelay}
                  min={0}
                  max={YEAR_SECONDS}
                  clampBehavior="strict"
                  allowDecimal={false}
                />
                <NumberInput
                  label="Time to live"
                  description="Seconds; 0: live ones only."
                  placeholder="as retention says"
                  value={ttl}
                  onChange={setTtl}
                  min={0}
                  clampBehavior="strict"
                  allowDecimal={false}
                />
              </Group>
              {error && <Problem error={error} />}
              <Group justify="space-between">
                <Text size="xs" c="dimmed">
                  id <Code>{id.slice(0, 8)}…</Code> makes sending again safe
                </Text>
                <Button type="submit" loading={fetching} disabled={!complete}>
                  {audience === 'everyone' ? 'Push to everyone' : 'Push'}
                </Button>
              </Group>
            </Stack>
          </form>
        </Card>
        <SentPushes pushes={sent} />
      </SimpleGrid>
    </Page>
  )
}
