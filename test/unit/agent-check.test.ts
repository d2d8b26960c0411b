import { expect, test } from 'vitest'
import type { ReplicaSnapshot } from '../../src/cluster/registry.ts'
import { agentAnswer } from '../../src/server/agent-check.ts'
import { aReplica } from '../support/replicas.ts'

const NOW = new Date('2030-01-01T00:00:00Z')
const UP = { id: 'self', state: 'UP' } as const

const answerOf = (replicas: readonly ReplicaSnapshot[], self: Parameters<typeof agentAnswer>[0] = UP) =>
  agentAnswer(self, { replicas: () => replicas }, NOW)

test('the replica with the highest weight is told as 100 %, the others relative to it', () => {
  const others = [aReplica('b', NOW, { sessions: 500 }), aReplica('c', NOW, { sessions: 999 })]
  expect(answerOf([aReplica('self', NOW), ...others])).toBe('ready up 100%\n')
  expect(answerOf([aReplica('self', NOW, { sessions: 750 }), ...others])).toBe('ready up 50%\n')
  // One in a thousand is less than what can be told, and still not nothing.
  expect(answerOf([aReplica('self', NOW, { sessions: 999 }), aReplica('b', NOW)])).toBe('ready up 1%\n')
})

test('who is full gets nothing while others have room; where nobody has any, all are alike', () => {
  const full = aReplica('self', NOW, { sessions: 1_000 })
  expect(answerOf([full, aReplica('b', NOW)])).toBe('ready up 0%\n')
  expect(answerOf([full, aReplica('b', NOW, { sessions: 1_000 })])).toBe('ready up 100%\n')
})

test('loads that nobody renews any more leave all alike', () => {
  const lastSeen = new Date(NOW.getTime() - 60_000)
  expect(
    answerOf([aReplica('self', NOW, { lastSeen, sessions: 900 }), aReplica('b', NOW, { lastSeen })]),
  ).toBe('ready up 100%\n')
})

test('what a replica knows of itself is told at once, whatever the registry says', () => {
  const replicas = [aReplica('self', NOW), aReplica('b', NOW)]
  expect(answerOf(replicas, { id: 'self', state: 'DRAINING' })).toBe('drain\n')
  expect(answerOf(replicas, { id: 'self', state: 'STARTING' })).toBe('down #not in the cluster yet\n')
})
