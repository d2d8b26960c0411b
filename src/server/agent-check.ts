import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Registry, ReplicaState } from '../cluster/registry.ts'
import { weights } from '../cluster/weight.ts'

/** Checkers that are open at once; HAProxy has one per process and server. */
const MAX_CHECKS = 64
const CHECK_LIMIT_MS = 2_000 // 2 seconds

/**
 * What HAProxy's agent-check is to do with this replica, as its documentation has it (`agent-check`, HAProxy 2.6
 * configuration manual §5.2).
 *
 * - `ready up 75%`: HAProxy takes the percentage of the weight that the server has in its configuration, so ours is
 *   relative to the replica with the highest weight, which gets 100 %. `ready` takes a former `drain` back.
 * - `drain`: no new connections, those there are stay: they are told to go by ourselves, evenly.
 * - `down`: it has not joined yet.
 *
 * Where no replica accepts, all say 100 %: HAProxy would answer 503 without any server, and from that stock clients do not
 * come back; from the 1013 that they get here they do.
 */
export function agentAnswer(
  self: { readonly id: string; readonly state: ReplicaState },
  registry: Pick<Registry, 'replicas'>,
  now = new Date(),
): string {
  if (self.state === 'DRAINING') return 'drain\n'
  if (self.state === 'STARTING') return 'down #not in the cluster yet\n'
  const all = weights(registry.replicas(), now)
  const highest = Math.max(0, ...all.values())
  const own = all.get(self.id) ?? 0
  // A share too small to be told is still one.
  const percent = highest === 0 ? 100 : own === 0 ? 0 : Math.max(1, Math.round((100 * own) / highest))
  return `ready up ${percent}%\n`
}

export interface AgentCheck extends AsyncDisposable {
  readonly port: number
}

/** Answers whoever connects with one line, and closes. Rejects when the port is taken. */
export async function startAgentCheck(
  { port, host }: { readonly port: number; readonly host: string },
  answer: () => string,
): Promise<AgentCheck> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.setTimeout(CHECK_LIMIT_MS, () => socket.destroy())
    // A checker that goes away amid its check comes back with the next one.
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
    socket.resume().end(answer())
  })
  server.maxConnections = MAX_CHECKS
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => close(server, open),
  }
}

function close(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of open) socket.destroy()
  })
}
