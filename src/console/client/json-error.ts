import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'

/** Where and why a text is no JSON. */
export interface JsonError {
  /** What to do, as a sentence. */
  readonly message: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** In the text, from 0. */
  readonly from: number
  readonly to: number
}

/** By the names that jsonc-parser gives to mistakes. */
const FIXES: Readonly<Record<string, string>> = {
  InvalidSymbol: 'This is no JSON value; text stands in "double quotes".',
  InvalidNumberFormat: 'This is no number as JSON writes it.',
  PropertyNameExpected: 'A name in "double quotes" is missing here.',
  ValueExpected: 'A value is missing here.',
  ColonExpected: 'A colon is missing here.',
  CommaExpected: 'A comma is missing here.',
  CloseBraceExpected: 'The object is not closed: a } is missing here.',
  CloseBracketExpected: 'The list is not closed: a ] is missing here.',
  EndOfFileExpected: 'The value ends before this: what follows is too much.',
  InvalidCommentToken: 'JSON has no comments.',
  UnexpectedEndOfString: 'The text is not closed: a " is missing.',
  InvalidUnicode: 'A \\u takes four hexadecimal digits.',
  InvalidEscapeCharacter: 'This escape does not exist; a backslash is written \\\\.',
  InvalidCharacter: 'This character must be escaped; a line break is \\n.',
}

/** The first mistake in a JSON text; null where there is none. */
export function findJsonError(text: string): JsonError | null {
  const errors: ParseError[] = []
  parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const [first] = errors
  if (!first) return null
  const from = Math.min(first.offset, text.length)
  const before = text.slice(0, from).split('\n')
  return {
    message: FIXES[printParseErrorCode(first.error)] ?? 'This is no JSON.',
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    from,
    to: Math.max(from, Math.min(first.offset + first.length, text.length)),
  }
}
