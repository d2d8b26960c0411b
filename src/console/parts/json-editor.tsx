import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { linter } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { Text } from '@mantine/core'
import { useEffect, useId, useRef } from 'react'
import { findJsonError, type JsonError } from '../client/json-error.ts'

interface Props {
  readonly label: string
  /** What stands in it at first; it keeps what is written itself. */
  readonly value: string
  readonly mistake: JsonError | null
  onChange(text: string): void
}

/** Custom properties in console.css, so that both colour schemes have enough contrast. */
const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--cp-1)' },
  { tag: tags.string, color: 'var(--cp-2)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--cp-3)' },
])

/** An editor for JSON: the first mistake is underlined in its place, and told below. */
export function JsonEditor({ label, value, mistake, onChange }: Props) {
  const id = useId()
  const holder = useRef<HTMLDivElement>(null)
  const first = useRef({ value, label })
  const changed = useRef(onChange)
  changed.current = onChange
  useEffect(() => {
    if (!holder.current) return
    const { value: doc, label: name } = first.current
    const view = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc,
        extensions: [
          lineNumbers(),
          history(),
          json(),
          bracketMatching(),
          syntaxHighlighting(COLOURS),
          linter(({ state }) => diagnosticsOf(state.doc.toString()), { delay: 150 }),
          // No Tab key map: Tab leaves the editor, as keyboards expect.
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            'aria-label': `${name} (JSON)`,
            'aria-describedby': `${id}-mistake`,
          }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed.current(state.doc.toString())
          }),
        ],
      }),
    })
    return () => view.destroy()
  }, [id])
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {label}
      </Text>
      <div className="editor" data-invalid={mistake !== null} ref={holder} />
      <Text
        id={`${id}-mistake`}
        size="xs"
        mt={4}
        c={mistake ? 'var(--mantine-color-error)' : 'dimmed'}
        role="status"
      >
        {mistake ? `Line ${mistake.line}, column ${mistake.column}: ${mistake.message}` : 'Any JSON value.'}
      </Text>
    </div>
  )
}

function diagnosticsOf(text: string) {
  const mistake = findJsonError(text)
  return mistake ? [{ ...mistake, severity: 'error' as const }] : []
}
