/**
 * Every Redis key and channel of the registry, in one place.
 *
 * | key | type | holds | expires after |
 * | --- | --- | --- | --- |
 * | `cp:{registry}:replicas` | hash | replica id → its record, JSON | never: one field per living replica |
 * | `cp:{registry}:lease:<replica>` | string | token of the process that holds it | the lease |
 * | `cp:{registry}:settings` | hash | setting → number, of those that were configured | never |
 * | `cp:{registry}:statistics:<minute>` | hash | counter → count, l`<bucket>` (latencies), s`<bucket>` (session lengths) → count | 25 hours |
 * | `cp:{registry}:statistics-batch:<replica>` | string | number of the last batch that it added | a day |
 *
 * Channels: `changes` (loads, goodbyes and ends), `settings-changed`, `ask:<replica>` (questions to it and answers for it).
 */
export interface ClusterKeys {
  readonly replicas: string
  readonly changes: string
  readonly settings: string
  readonly settingsChanged: string
  /** Of the minute that began at `startedAt`, ms. */
  statistics(startedAt: number): string
  statisticsBatch(replicaId: string): string
  lease(replicaId: string): string
  ask(replicaId: string): string
}

export function createClusterKeys(prefix: string): ClusterKeys {
  const base = `${prefix}:{registry}:`
  return {
    replicas: `${base}replicas`,
    changes: `${base}changes`,
    settings: `${base}settings`,
    settingsChanged: `${base}settings-changed`,
    statistics: (startedAt) => `${base}statistics:${new Date(startedAt).toISOString().slice(0, 16)}`,
    statisticsBatch: (replicaId) => `${base}statistics-batch:${replicaId}`,
    lease: (replicaId) => `${base}lease:${replicaId}`,
    ask: (replicaId) => `${base}ask:${replicaId}`,
  }
}
