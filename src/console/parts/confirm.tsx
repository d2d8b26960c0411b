import { Button, Group, Modal, Stack } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props {
  readonly opened: boolean
  readonly title: string
  /** What the button does: a verb. */
  readonly action: string
  readonly color?: string
  readonly busy: boolean
  readonly children: ReactNode
  onConfirm(): void
  onClose(): void
}

/** Asks before something that others will feel. */
export function Confirm({
  opened,
  title,
  action,
  color = 'indigo',
  busy,
  children,
  onConfirm,
  onClose,
}: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onConfirm()
        }}
      >
        <Stack>
          {children}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color={color} loading={busy} data-autofocus>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
