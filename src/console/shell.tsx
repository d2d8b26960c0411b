import {
  ActionIcon,
  Alert,
  AppShell,
  Box,
  Burger,
  Button,
  Group,
  NavLink,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import type { Connection } from './client/connection.ts'
import icon from './icon.svg'
import { IdentifiersPage } from './pages/identifiers.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { PushPage } from './pages/push.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { StatisticsPage } from './pages/statistics.tsx'
import { ConnectionBadge, LostNotice } from './parts/connection-badge.tsx'
import { GoneNotices } from './parts/gone-notices.tsx'
import { Icon, type IconName } from './parts/icons.tsx'

const PAGES: readonly { path: string; name: string; icon: IconName }[] = [
  { path: '/', name: 'Overview', icon: 'overview' },
  { path: '/identifiers', name: 'Identifiers', icon: 'identifiers' },
  { path: '/push', name: 'Push', icon: 'push' },
  { path: '/statistics', name: 'Statistics', icon: 'statistics' },
  { path: '/settings', name: 'Settings', icon: 'settings' },
]

interface Props {
  readonly connection: Connection
  /** Null where nobody signed in. */
  readonly onSignOut: (() => void) | null
}

/** What stands around every page: where one can go, and how the connection is. */
export function Shell({ connection, onSignOut }: Props) {
  const [opened, { toggle, close }] = useDisclosure(false)
  const [location] = useLocation()
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Menu"
              aria-expanded={opened}
            />
            <img src={icon} width={28} height={28} alt="" />
            <Text fw={700}>Cloudpush</Text>
          </Group>
          <Group gap={4} wrap="nowrap">
            <ConnectionBadge connection={connection} />
            <SchemeToggle />
            {onSignOut && (
              <Button
                variant="subtle"
                color="gray"
                size="compact-md"
                leftSection={<Icon name="out" />}
                onClick={onSignOut}
              >
                Sign out
              </Button>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Pages">
        {PAGES.map(({ path, name, icon: image }) => (
          <NavLink
            key={path}
            component={Link}
            href={path}
            label={name}
            leftSection={<Icon name={image} />}
            active={location === path}
            aria-current={location === path ? 'page' : undefined}
            onClick={close}
            style={{ borderRadius: 8 }}
          />
        ))}
        <Box mt="auto" p="xs">
          <Text size="xs" className="foot" c="dimmed">
            <a href="/graphql">GraphiQL</a> · <a href="/metrics">Metrics</a>
          </Text>
        </Box>
      </AppShell.Navbar>
      <AppShell.Main id="main">
        <Box maw={1180} mx="auto">
          {connection.state === 'lost' && (
            <Alert color="red" variant="outline" mb="md" title="Reconnecting …" role="alert">
              <LostNotice since={connection.since} />
            </Alert>
          )}
          <GoneNotices />
          <Switch>
            <Route path="/" component={OverviewPage} />
            <Route path="/identifiers" component={IdentifiersPage} />
            <Route path="/push" component={PushPage} />
            <Route path="/statistics" component={StatisticsPage} />
            <Route path="/settings" component={SettingsPage} />
            <Route>
              <Redirect to="/" replace />
            </Route>
          </Switch>
        </Box>
      </AppShell.Main>
    </AppShell>
  )
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={`Use ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
    </ActionIcon>
  )
}
