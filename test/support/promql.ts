import { parser } from '@prometheus-io/lezer-promql'

/** A metric that an expression reads, with the labels that are asked of it. */
export interface Selected {
  readonly metric: string
  readonly labels: readonly string[]
}

/**
 * What an expression of PromQL reads, by Prometheus's own grammar; `grouped` are the labels that it groups or joins by.
 * Throws where Prometheus would not take it.
 */
export function readPromql(expression: string): { selected: Selected[]; grouped: string[] } {
  const text = (node: { from: number; to: number }) => expression.slice(node.from, node.to)
  const selected: { metric: string; labels: string[] }[] = []
  const grouped: string[] = []
  parser.parse(expression).iterate({
    enter({ type, node }) {
      if (type.isError)
        throw new Error(`no PromQL at ${node.from}, after ${expression.slice(0, node.from)}: ${expression}`)
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        if (!name) throw new Error(`a selector without the name of a metric: ${expression}`)
        selected.push({ metric: text(name), labels: [] })
      }
      if (type.name !== 'LabelName') return
      if (node.parent?.name === 'GroupingLabels') grouped.push(text(node))
      else selected.at(-1)?.labels.push(text(node))
    },
  })
  return { selected, grouped }
}
