import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import 'uplot/dist/uPlot.min.css'
import './console.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { App } from './app.tsx'
import { theme } from './theme.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <Notifications position="top-center" />
    <Router base="/console">
      <App />
    </Router>
  </MantineProvider>,
)
