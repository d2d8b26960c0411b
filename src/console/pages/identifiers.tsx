import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { Icon } from '../parts/icons.tsx'
import { IdentifierView } from '../parts/identifier-view.tsx'
import { Card, Empty, Page } from '../parts/page.tsx'

/** The identifier stands in the address (`?of=alice`), so that it can be sent to a colleague. */
export function IdentifiersPage() {
  const [, navigate] = useLocation()
  const identifier = new URLSearchParams(useSearch()).get('of') ?? ''
  const [text, setText] = useState(identifier)
  const wanted = text.trim()
  return (
    <Page title="Identifiers" lead="Who is online, where, and what waits for them.">
      <form
        aria-label="Look up an identifier"
        onSubmit={(event) => {
          event.preventDefault()
          if (wanted) navigate(`/identifiers?of=${encodeURIComponent(wanted)}`)
        }}
      >
        <Group align="flex-end" wrap="nowrap">
          <TextInput
            label="Identifier"
            placeholder="alice, device:42, room:lobby"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            leftSection={<Icon name="search" size={16} />}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            flex={1}
            maw={460}
          />
          <Button type="submit" disabled={!wanted}>
            Look up
          </Button>
        </Group>
      </form>
      {identifier ? (
        <Stack gap="md" key={identifier}>
          <IdentifierView identifier={identifier} />
        </Stack>
      ) : (
        <Card title="Nothing looked up yet">
          <Empty title="Give an identifier">
            What a client names in messages(identifiers: …): you see whether it is online, on which replica,
            its sessions and what its inbox keeps.
          </Empty>
        </Card>
      )}
    </Page>
  )
}
