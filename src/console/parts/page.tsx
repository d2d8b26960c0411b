import { Box, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

interface PageProps {
  readonly title: string
  readonly lead: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** One page. Its heading takes the focus when it is opened, so that screen readers tell where one is. */
export function Page({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Cloudpush`
    heading.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end">
        <Box>
          <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
            {title}
          </Title>
          <Text c="dimmed" size="sm">
            {lead}
          </Text>
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

interface CardProps {
  readonly title: string
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** A titled part of a page. */
export function Card({ title, aside, children }: CardProps) {
  return (
    <Paper component="section" withBorder p="md" aria-label={title} shadow="xs">
      <Group justify="space-between" mb="sm" mih={28}>
        <h2 className="card-title" style={{ margin: 0 }}>
          {title}
        </h2>
        {aside}
      </Group>
      {children}
    </Paper>
  )
}

interface FigureProps {
  readonly label: string
  readonly value: string
  readonly hint?: string | undefined
  /** How it went. */
  readonly children?: ReactNode
}

/** One number that is read from across the room. */
export function Figure({ label, value, hint, children }: FigureProps) {
  return (
    <Paper withBorder p="md" shadow="xs" role="group" aria-label={label}>
      <div className="label">{label}</div>
      <div className="figure">{value}</div>
      {hint && <div className="label">{hint}</div>}
      {children && <Box mt="xs">{children}</Box>}
    </Paper>
  )
}

/** Where there is nothing to show: why, and what would change it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Stack align="center" gap={4} py="xl" px="md">
      <Text fw={600}>{title}</Text>
      {children && (
        <Text c="dimmed" size="sm" ta="center" maw={440}>
          {children}
        </Text>
      )}
    </Stack>
  )
}
