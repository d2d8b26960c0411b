import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { gatewayUrls, request, unreachable } from './endpoint.ts'
import { EXIT, styled, type Terminal } from './terminal.ts'

const FIELDS = `{
  id url state version startedAt lastSeen sessions subscriptions capacity weight drainProgress
  health { cpuPercent memoryBytes memoryTotalBytes eventLoopDelayMs networkReceiveBytesPerSecond networkTransmitBytesPerSecond }
}`

interface ReplicaRow {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly startedAt: string
  readonly sessions: number
  readonly subscriptions: number
  readonly capacity: number
  readonly weight: number
  readonly health: { readonly cpuPercent: number; readonly memoryBytes: number }
}

export interface ReplicasCommand {
  readonly url?: string
  readonly json?: boolean
  readonly watch?: boolean
}

export async function replicas(terminal: Terminal, options: ReplicasCommand): Promise<number> {
  const urls = gatewayUrls(options.url, terminal.env)
  const show = (rows: readonly ReplicaRow[]) =>
    terminal.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : toTable(terminal, rows))
  if (!options.watch) {
    show(
      (await request<{ replicas: ReplicaRow[] }>(urls.http, `query Replicas { replicas ${FIELDS} }`, {}))
        .replicas,
    )
    return EXIT.done
  }
  const client = createClient({ url: urls.ws, webSocketImpl: WebSocket })
  const events = client.iterate<{ replicas: ReplicaRow[] }>({
    query: `subscription Replicas { replicas ${FIELDS} }`,
  })
  const stop = () => void events.return?.()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    for await (const { data } of events) if (data) show(data.replicas)
  } catch (error) {
    throw unreachable(urls.ws, error)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await client.dispose()
  }
  return EXIT.done
}

const HEAD = ['REPLICA', 'URL', 'STATE', 'SESSIONS', 'SUBSCRIPTIONS', 'WEIGHT', 'CPU', 'MEMORY', 'STARTED']

export function toTable(
  { stdout, env }: Pick<Terminal, 'stdout' | 'env'>,
  replicas: readonly ReplicaRow[],
): string {
  const rows = replicas.map((replica) => [
    replica.id,
    replica.url,
    replica.state,
    `${replica.sessions}/${replica.capacity}`,
    String(replica.subscriptions),
    `${replica.weight.toFixed(1)} %`,
    `${replica.health.cpuPercent.toFixed(0)} %`,
    `${(replica.health.memoryBytes / 2 ** 20).toFixed(0)} MiB`,
    replica.startedAt,
  ])
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${[styled(stdout, env, 'bold', line(HEAD)), ...rows.map(line)].join('\n')}\n`
}
