import ecs from '@elastic/ecs'

interface EcsField {
  readonly type: string
  readonly normalize?: readonly string[]
  readonly allowed_values?: readonly {
    readonly name: string
    readonly expected_event_types?: readonly string[]
  }[]
}

/** The published schema, as Elastic's own package has it: every field by its flat name. */
const FIELDS = ecs.EcsFlat as unknown as Readonly<Record<string, EcsField>>
export const ECS_VERSION: string = ecs.EcsVersion

/** Ours: what ECS has no name for. https://www.elastic.co/docs/reference/ecs/ecs-custom-fields-in-ecs */
const OWN = /^cloudpush(\.[a-z][a-z_]*)+$/

const TEXT = ['keyword', 'wildcard', 'match_only_text', 'text', 'constant_keyword']

/** What is wrong with a log line, as JSON with flat names, by the published schema; nothing is an empty list. */
export function ecsProblems(line: Readonly<Record<string, unknown>>): string[] {
  const missing = ['@timestamp', 'log.level', 'message', 'ecs.version'].filter((name) => !(name in line))
  const wrong = Object.entries(line).flatMap(([name, value]) => {
    if (OWN.test(name)) return []
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    if (!field) return [`${name} is no field of ECS`]
    return fieldProblems(name, field, value)
  })
  return [...missing.map((name) => `${name} is missing`), ...wrong, ...typeProblems(line)]
}

function fieldProblems(name: string, field: EcsField, value: unknown): string[] {
  const many = field.normalize?.includes('array') ?? false
  if (Array.isArray(value) !== many) return [`${name} is ${many ? 'no' : 'an'} array`]
  const allowed = field.allowed_values?.map((each) => each.name)
  return (many ? (value as unknown[]) : [value]).flatMap((each) => [
    ...(isOfType(each, field.type) ? [] : [`${name} is no ${field.type}: ${JSON.stringify(each)}`]),
    ...(allowed === undefined || allowed.includes(each as string) ? [] : [`${name} must not be ${each}`]),
  ])
}

/** Each category has the types that are expected with it. */
function typeProblems(line: Readonly<Record<string, unknown>>): string[] {
  const types = (line['event.type'] ?? []) as string[]
  const categories = line['event.category']
  if (!Array.isArray(categories)) return []
  return (categories as string[]).flatMap((category) => {
    const known = FIELDS['event.category']?.allowed_values?.find(({ name }) => name === category)
    return types
      .filter((type) => !known?.expected_event_types?.includes(type))
      .map((type) => `event.type ${type} is not expected with event.category ${category}`)
  })
}

function isOfType(value: unknown, type: string): boolean {
  if (TEXT.includes(type)) return typeof value === 'string'
  if (type === 'long') return Number.isSafeInteger(value)
  if (type === 'date') return typeof value === 'string' && !Number.isNaN(Date.parse(value))
  if (type === 'ip') return typeof value === 'string' && /^[0-9a-f:.]+$/i.test(value)
  return false
}
