import { randomUUID } from 'node:crypto'
import { type GatewayAddress, startTestFrontDoor, startTestGateway } from './gateway.ts'
import { graphqlRequest, PUSH, push } from './graphql-request.ts'
import { parseMetrics, type ScrapedMetric } from './metric-lint.ts'
import { RawClient } from './raw-client.ts'

export async function scrape({ url }: GatewayAddress): Promise<Map<string, ScrapedMetric>> {
  return parseMetrics(await (await fetch(`${url}/metrics`)).text())
}

/** What both kinds of process show, with something in every metric that anything can be in. */
export async function everyMetric(
  redisUrl: string,
): Promise<{ replica: ScrapedMetric[]; gateway: ScrapedMetric[] }> {
  const redisPrefix = `test-${randomUUID()}`
  await using replica = await startTestGateway({ redis: redisUrl, redisPrefix })
  await using client = await RawClient.connect(replica)
  await client.subscribe('1', ['alice'])
  await push(replica, { to: ['alice'], payload: 1 })
  await graphqlRequest(replica, PUSH, { input: { to: [], payload: 1 } })
  await client.nextMessage('1')
  await using gateway = await startTestFrontDoor(redisUrl, { redisPrefix })
  await push(gateway, { to: ['alice'], payload: 2 })
  return { replica: [...(await scrape(replica)).values()], gateway: [...(await scrape(gateway)).values()] }
}
