// Fails when generated code is not what the schema gives: generates it anew beside what is committed and compares.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'src/graphql/generated/resolvers.ts'

const committed = readFileSync(FILE, 'utf8')
execFileSync('npx', ['graphql-codegen', '--config', 'codegen.yml', '--silent'], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
const fresh = readFileSync(FILE, 'utf8')
if (fresh !== committed) {
  writeFileSync(FILE, committed)
  console.error(`${FILE} is stale: run \`npm run generate\` and commit it.`)
  process.exit(1)
}
