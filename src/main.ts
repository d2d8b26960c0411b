#!/usr/bin/env node
import { once } from 'node:events'
import { runCommandLine } from './cli/program.ts'

const { env, stdin, stdout, stderr } = process

// Whoever read our output may have gone; that ends `listen`, which looks for it, but never a gateway.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const exitCode = await runCommandLine(process.argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  exit: (code) => process.exit(code),
})

// What is written has to be out first: where stdout is a pipe, the process may be faster than its reader.
await Promise.all([stdout, stderr].map((stream) => stream.writableNeedDrain && once(stream, 'drain')))
process.exit(exitCode)
