import ecs from '@elastic/ecs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { createEcsLog } from '../../src/observability/log.ts'
import { EVENT_LIMIT_MS } from '../support/arrivals.ts'
import { ecsProblems } from '../support/ecs.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { readProject } from '../support/project-files.ts'
import { RawClient } from '../support/raw-client.ts'

type Line = Readonly<Record<string, unknown>>

/** A log with every event in it: three pushes to one session that has one of them; a drain; an error. */
const lines: Line[] = []

beforeAll(async () => {
  const log = createEcsLog('info', { write: (line) => void lines.push(JSON.parse(line) as Line) })
  await using gateway = await startTestGateway({ logSample: 1 }, log)
  const client = await RawClient.connect(gateway)
  await client.subscribe('1', ['alice'])
  for (const to of ['alice', 'bob', 'alice']) await push(gateway, { to: [to], payload: 1 })
  await vi.waitUntil(() => actions().filter((action) => action === 'message-delivered').length === 2, {
    timeout: EVENT_LIMIT_MS,
  })
  client.socket.close(1000, 'done')
  await vi.waitUntil(() => actions().includes('session-closed'), { timeout: EVENT_LIMIT_MS })
  await drainAndBack(gateway)
  log.error({ err: Object.assign(new Error('on purpose'), { code: 'EXAMPLE' }) }, 'an error')
})
afterAll(() => void lines.splice(0))

function actions(): unknown[] {
  return lines.map((line) => line['event.action'])
}

async function drainAndBack(gateway: TestGateway): Promise<void> {
  const id = gateway.replica.id
  await graphqlRequest(gateway, 'mutation ($id: ID!) { drain(replicaId: $id) { id } }', { id })
  await graphqlRequest(gateway, 'mutation ($id: ID!) { undrain(replicaId: $id) { id } }', { id })
}

interface Mapping {
  readonly type: string
}

interface IndexTemplate {
  readonly index_patterns: readonly string[]
  readonly template: { readonly mappings: { readonly properties: Readonly<Record<string, Mapping>> } }
}

const template = JSON.parse(readProject('deploy/elk/index-template.json')) as IndexTemplate
const mapped = template.template.mappings.properties
const [pattern = ''] = template.index_patterns

test('each field has the type in the index that ECS gives it; those of ours can be no field of ECS', () => {
  const published = ecs.EcsFlat as unknown as Readonly<Record<string, Mapping>>
  for (const [name, { type }] of Object.entries(mapped)) {
    if (!name.startsWith('cloudpush.')) expect([name, type]).toEqual([name, published[name]?.type])
  }
  expect(Object.keys(published).filter((name) => name.startsWith('cloudpush'))).toEqual([])
})

test('what is really written fits the index, field by field', () => {
  expect(lines.flatMap(ecsProblems)).toEqual([])
  const misfits = lines.flatMap((line) =>
    Object.entries(line).filter(([name, value]) => !fits(mapped[name], value)),
  )
  expect(misfits).toEqual([])
})

function fits(mapping: Mapping | undefined, value: unknown): boolean {
  const each = Array.isArray(value) ? value : [value]
  if (mapping?.type === 'long') return each.every(Number.isSafeInteger)
  if (mapping?.type === 'boolean') return each.every((one) => typeof one === 'boolean')
  return mapping !== undefined && each.every((one) => typeof one === 'string')
}

test('Filebeat takes the lines apart and puts them where the index template is', () => {
  const filebeat = parse(readProject('deploy/elk/filebeat.yml')) as {
    'filebeat.inputs': { parsers: Record<string, unknown>[] }[]
    'output.elasticsearch': { index: string }
    processors: Record<string, { target?: string; fields: Record<string, string> }>[]
  }
  const { index } = filebeat['output.elasticsearch']
  expect(index.startsWith(pattern.replace('*', ''))).toBe(true)
  const [input] = filebeat['filebeat.inputs']
  const ndjson = { target: '', expand_keys: true, overwrite_keys: true, add_error_key: true }
  expect(input?.parsers).toEqual([{ 'include_message.patterns': ['^\\{'] }, { ndjson }])
  const stream = filebeat.processors.find(({ add_fields: added }) => added?.target === 'data_stream')?.[
    'add_fields'
  ]
  expect(Object.values(stream?.fields ?? {}).join('-')).toBe(index)
  for (const line of lines) expect(line['event.dataset']).toBe(stream?.fields['dataset'])
})

interface SavedObject {
  readonly type: string
  readonly attributes: {
    readonly title: string
    readonly timeFieldName?: string
    readonly kibanaSavedObjectMeta?: { readonly searchSourceJSON: string }
  }
}

/** The queries by their titles. */
function savedQueries(objects: readonly SavedObject[]): Map<string, string> {
  return new Map(
    objects.flatMap(({ attributes: { title, kibanaSavedObjectMeta } }) => {
      if (!kibanaSavedObjectMeta) return []
      const source = JSON.parse(kibanaSavedObjectMeta.searchSourceJSON) as { query: { esql: string } }
      return [[title, source.query.esql] as const]
    }),
  )
}

test('the saved queries ask for fields of events that are written, in the index that has them', () => {
  const objects = readProject('deploy/elk/kibana.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SavedObject)
  expect(objects.find(({ type }) => type === 'index-pattern')?.attributes).toMatchObject({
    ...{ title: pattern, timeFieldName: '@timestamp' },
  })
  const queries = savedQueries(objects)
  expect([...queries.keys()]).toEqual(['Cloudpush: delivery rate', 'Cloudpush: session length'])
  for (const query of queries.values()) {
    const [from = '', ...steps] = query.split('\n')
    expect(from).toBe(`FROM ${pattern}`)
    const action = /event\.action == "([\w-]+)"/.exec(query)?.[1]
    const line = lines.find((each) => each['event.action'] === action)
    expect(line, action).toBeDefined()
    const fields = steps.join('\n').match(/@timestamp|\b[a-z_]+(?:\.[a-z_]+)+\b/g) ?? []
    expect(fields.length).toBeGreaterThan(1)
    expect(fields.filter((field) => !(field in (line as Line)) || !(field in mapped))).toEqual([])
    for (const step of query.split('\n')) expect(readProject('docs/observability.md')).toContain(step)
  }
})

test('what these fields add up to is what happened: the delivery rate and the length of the session', () => {
  const sum = (field: string) =>
    lines
      .filter((line) => line['event.action'] === 'statistics')
      .reduce((total, line) => total + Number(line[field]), 0)
  expect([sum('cloudpush.sent'), sum('cloudpush.delivered')]).toEqual([2, 2])
  const [closed] = lines.filter((line) => line['event.action'] === 'session-closed')
  const [opened] = lines.filter((line) => line['event.action'] === 'session-opened')
  const between = Date.parse(closed?.['@timestamp'] as string) - Date.parse(opened?.['@timestamp'] as string)
  expect(Math.abs(Number(closed?.['event.duration']) / 1e6 - between)).toBeLessThan(1_000)
})

test('the table of events in the docs names exactly those that are written', () => {
  const told = [...readProject('docs/observability.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
    ([, action]) => action,
  )
  const written = new Set(actions().filter((action) => action !== undefined))
  expect(told.sort()).toEqual([...written].sort())
})
