import { type ConnectionOptions, locate } from './client.ts'
import { ClusterCommands } from './cluster-commands.ts'
import { CommandConnection } from './connection.ts'

/** Where commands go: one server, whoever the Sentinels call master, or the nodes of a Cluster. */
export type Commands = CommandConnection | ClusterCommands

export function openCommands(options: ConnectionOptions): Commands {
  return locate(options).mode === 'cluster' ? new ClusterCommands(options) : new CommandConnection(options)
}
