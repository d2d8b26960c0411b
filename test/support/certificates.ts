import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'] as const

/** A certificate and its key, as PEM files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** An authority of the test's own, made by openssl 3; its files are gone after disposal. */
export interface Authority extends AsyncDisposable {
  /** The PEM file to trust. */
  readonly ca: string
  /** A certificate for 127.0.0.1, of a server or of a client. */
  issue(name: string): Promise<Certificate>
}

export async function createAuthority(): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), 'cloudpush-certificates-'))
  const make = async (name: string, extra: readonly string[]): Promise<Certificate> => {
    const cert = join(directory, `${name}.pem`)
    const key = join(directory, `${name}.key`)
    await run('openssl', [
      'req',
      '-x509',
      ...KEY,
      '-subj',
      `/CN=${name}`,
      '-out',
      cert,
      '-keyout',
      key,
      ...extra,
    ])
    return { cert, key }
  }
  const root = await make('root', [])
  return {
    ca: root.cert,
    issue: (name) =>
      make(name, ['-CA', root.cert, '-CAkey', root.key, '-addext', 'subjectAltName=IP:127.0.0.1']),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
