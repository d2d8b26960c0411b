import { Alert, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import icon from '../icon.svg'

interface Props {
  /** Why the token given before was refused; null where none was given. */
  readonly reason: string | null
  onToken(token: string): void
}

export function SignIn({ reason, onToken }: Props) {
  const [text, setText] = useState('')
  const token = text.trim().replace(/^Bearer\s+/i, '')
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder shadow="md" p="xl" w="100%" maw={440}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (token) onToken(token)
          }}
        >
          <Stack>
            <Group gap="sm">
              <img src={icon} width={32} height={32} alt="" />
              <Title order={1} size="h3">
                Cloudpush console
              </Title>
            </Group>
            <Text size="sm" c="dimmed">
              This gateway asks who you are. Sign in with an admin’s token:{' '}
              <Code>cloudpush token --admin</Code> makes one.
            </Text>
            {reason && (
              <Alert color="red" variant="outline" title="That token was refused" role="alert">
                {reason}
              </Alert>
            )}
            <PasswordInput
              label="Token"
              placeholder="eyJ…"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autoComplete="off"
              data-autofocus
              visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
            />
            <Button type="submit" disabled={!token}>
              Sign in
            </Button>
            <Text size="xs" c="dimmed">
              It is kept in this tab only, until the tab is closed.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
