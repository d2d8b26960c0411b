import type { CredentialOptions } from './credentials.ts'
import { gatewayTarget, request } from './endpoint.ts'
import { follow } from './follow.ts'
import { EXIT, type Printed, styled, type Terminal } from './terminal.ts'

const FIELDS = `{
  id url state version startedAt lastSeen sessions subscriptions capacity weight drainProgress
  health { cpuPercent memoryBytes memoryTotalBytes eventLoopDelayMs networkReceiveBytesPerSecond networkTransmitBytesPerSecond }
}`

export interface ReplicaRow {
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

export interface ReplicasCommand extends CredentialOptions {
  readonly url?: string
  readonly json?: boolean
  readonly watch?: boolean
}

/** Prints the replicas once, or with `watch` each second until it is interrupted. */
export async function replicas(terminal: Terminal, options: ReplicasCommand): Promise<number> {
  const target = gatewayTarget(options, terminal.env)
  const show = (rows: readonly ReplicaRow[]) =>
    terminal.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : toTable(terminal, rows))
  if (!options.watch) {
    const query = `query Replicas { replicas ${FIELDS} }`
    show((await request<{ replicas: ReplicaRow[] }>(target, query, {})).replicas)
    return EXIT.done
  }
  await follow<{ replicas: ReplicaRow[] }>(terminal, {
    target,
    query: `subscription Replicas { replicas ${FIELDS} }`,
    next: ({ replicas: rows }) => {
      // A person sees one table that changes; a pipe gets all of them.
      if (terminal.stdout.isTTY && !options.json) terminal.stdout.write(CLEAR_SCREEN)
      show(rows)
      return false
    },
  })
  return EXIT.done
}

const CLEAR_SCREEN = '\u001b[H\u001b[2J'
const HEAD = ['REPLICA', 'URL', 'STATE', 'SESSIONS', 'SUBSCRIPTIONS', 'WEIGHT', 'CPU', 'MEMORY', 'STARTED']

/** Aligned columns, one line per replica. */
export function toTable({ stdout, env }: Printed, replicas: readonly ReplicaRow[]): string {
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
