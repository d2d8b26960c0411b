import { setTimeout as delay } from 'node:timers/promises'
import type { CredentialOptions } from './credentials.ts'
import { type GatewayTarget, gatewayTarget, request } from './endpoint.ts'
import { CommandFailure, EXIT, styled, type Terminal } from './terminal.ts'

const FIELDS = '{ id state sessions weight drainProgress }'
const BAR_WIDTH = 30
const ASK_INTERVAL_MS = 500

export interface DrainingReplica {
  readonly id: string
  readonly state: string
  readonly sessions: number
  readonly weight: number
  readonly drainProgress: number | null
}

export interface DrainCommand extends CredentialOptions {
  readonly url?: string
  readonly json?: boolean
  readonly within?: string
}

/** Drains a replica and stays until its last session has moved, showing how far it is. */
export async function drain(terminal: Terminal, replicaId: string, options: DrainCommand): Promise<number> {
  const target = gatewayTarget(options, terminal.env)
  const withinSeconds = seconds(options.within)
  const mutation = `mutation Drain($id: ID!, $within: Int) { drain(replicaId: $id, withinSeconds: $within) ${FIELDS} }`
  await request<{ drain: DrainingReplica }>(target, mutation, { id: replicaId, within: withinSeconds })
  const last = await untilEmpty(terminal, target, replicaId)
  if (terminal.stderr.isTTY) terminal.stderr.write('\n')
  if (last && last.state !== 'DRAINING') {
    throw new CommandFailure(
      `The drain of ${replicaId} was taken back; ${last.sessions} sessions stay.`,
      EXIT.refused,
    )
  }
  const text = styled(terminal.stdout, terminal.env, 'green', `${replicaId} is empty`)
  terminal.stdout.write(`${options.json ? JSON.stringify(last ?? null) : text}\n`)
  return EXIT.done
}

/**
 * Asks again and again over HTTP: a draining replica takes no new session, so it may not be possible to subscribe where
 * the command was sent. Undefined: the replica has gone, which is as good as empty.
 */
async function untilEmpty(
  terminal: Terminal,
  target: GatewayTarget,
  replicaId: string,
): Promise<DrainingReplica | undefined> {
  for (;;) {
    const query = `query Draining { replicas ${FIELDS} }`
    const { replicas } = await request<{ replicas: DrainingReplica[] }>(target, query, {})
    const replica = replicas.find(({ id }) => id === replicaId)
    if (!replica) return undefined
    show(terminal, replica)
    if (replica.sessions === 0 || replica.state !== 'DRAINING') return replica
    await delay(ASK_INTERVAL_MS)
  }
}

/** Takes a drain back. */
export async function undrain(terminal: Terminal, replicaId: string, options: DrainCommand): Promise<number> {
  const target = gatewayTarget(options, terminal.env)
  const mutation = `mutation Undrain($id: ID!) { undrain(replicaId: $id) ${FIELDS} }`
  const { undrain: replica } = await request<{ undrain: DrainingReplica }>(target, mutation, {
    id: replicaId,
  })
  const text = `${replica.id} accepts connections again, with a weight of ${replica.weight.toFixed(1)} %`
  terminal.stdout.write(`${options.json ? JSON.stringify(replica) : text}\n`)
  return EXIT.done
}

/** One line that is drawn anew on a terminal; elsewhere a line each time. */
function show({ stderr, env }: Terminal, replica: DrainingReplica): void {
  const text = progressBar(replica)
  stderr.write(stderr.isTTY ? `\r${text}\u001b[K` : `${styled(stderr, env, 'dim', text)}\n`)
}

/** `[██████░░░░] 60 %  12 sessions left` */
export function progressBar({ drainProgress, sessions }: DrainingReplica): string {
  const share = drainProgress ?? 0
  const full = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
  return `[${bar}] ${Math.floor(share * 100)} %  ${sessions} ${sessions === 1 ? 'session' : 'sessions'} left`
}

function seconds(given: string | undefined): number | null {
  if (given === undefined) return null
  if (/^\d+$/.test(given)) return Number(given)
  throw new CommandFailure(`--within takes a whole number of seconds, not "${given}".`, EXIT.usage)
}
