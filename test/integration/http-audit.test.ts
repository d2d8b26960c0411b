import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** The audits of the GraphQL over HTTP specification, by the reference implementation's own suite. */
describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => gateway.graphqlUrl })

  test.each(audits.filter(({ name }) => !name.startsWith('MAY ')))('$id: $name', async (audit) => {
    const result = await audit.fn()
    expect(result.status === 'ok' ? null : result.reason).toBeNull()
  })

  // What the specification leaves open need only be answered.
  test.each(audits.filter(({ name }) => name.startsWith('MAY ')))('$id: $name', async (audit) => {
    const result = await audit.fn()
    expect(['ok', 'notice']).toContain(result.status)
  })

  test('the suite has the audits that we think it has', () => {
    expect(audits.length).toBeGreaterThanOrEqual(60)
  })
})
