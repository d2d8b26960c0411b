#!/usr/bin/env node
import { createProgram } from './cli/program.ts'

/** The command line; wiring only. Sets the exit code and leaves when there is nothing more to do. */
await createProgram({
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).parseAsync(process.argv)
