// Copies what tsc does not: everything in src/ that is not TypeScript, to the same place in dist/. The console is Vite's.
import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'

const CONSOLE = join('src', 'console')

cpSync('src', 'dist', { recursive: true, filter: (source) => source !== CONSOLE && !/\.tsx?$/.test(source) })
chmodSync('dist/main.js', 0o755)
