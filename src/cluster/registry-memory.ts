import type { Load, Registry, RegistryListener, ReplicaIdentity, ReplicaSnapshot } from './registry.ts'

/** The registry of a replica that is alone: all it knows is itself, and its lease cannot end. */
export function createMemoryRegistry(): Registry {
  let self: ReplicaIdentity | null = null
  let last: { load: Load; at: Date } | null = null
  let listener: RegistryListener | null = null
  const keep = (load: Load) => {
    last = { load, at: new Date() }
    listener?.changed()
  }
  return {
    available: true,
    async watch(listening) {
      listener = listening
    },
    async join(identity, load, listening) {
      self = identity
      listener = listening
      keep(load)
    },
    async report(load) {
      keep(load)
    },
    async leave() {
      self = null
    },
    replicas(): readonly ReplicaSnapshot[] {
      return self && last ? [{ ...self, ...last.load, lastSeen: last.at }] : []
    },
    async [Symbol.asyncDispose]() {
      self = null
      listener = null
    },
  }
}
