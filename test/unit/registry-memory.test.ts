import { expect, test } from 'vitest'
import { createMemoryRegistry } from '../../src/cluster/registry-memory.ts'
import { Member, type RegistryWorld, registryConformance } from '../support/conformance/registry.ts'
import { aLoad } from '../support/replicas.ts'

async function createWorld(): Promise<RegistryWorld> {
  return {
    open() {
      const registry = createMemoryRegistry()
      return { registry, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() }
    },
    async [Symbol.asyncDispose]() {},
  }
}

registryConformance('memory', createWorld)

test('a registry that was closed is empty, and tells nobody', async () => {
  await using world = await createWorld()
  const member = await new Member(world, 'a').join()
  const { changes } = member
  await member[Symbol.asyncDispose]()
  await member.registry.report(aLoad())
  expect({ view: member.view, changes: member.changes }).toEqual({ view: [], changes })
})
