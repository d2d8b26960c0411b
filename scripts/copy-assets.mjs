// Copies what tsc does not: everything in src/ that is not TypeScript, to the same place in dist/.
import { chmodSync, cpSync } from 'node:fs'

cpSync('src', 'dist', { recursive: true, filter: (source) => !/\.tsx?$/.test(source) })
chmodSync('dist/main.js', 0o755)
