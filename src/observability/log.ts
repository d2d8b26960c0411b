import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** Structured log: `log.info({ sessionId }, 'session opened')`. Secrets are never given to it. */
export type Log = Logger

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

/** Writes to stderr, so that stdout stays for results: JSON lines, or coloured text where stderr is a terminal. */
export function createLog(level: LogLevel): Log {
  const destination = process.stderr.isTTY
    ? pretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss', sync: true })
    : pino.destination({ fd: 2, sync: true })
  return pino({ level, base: null }, destination)
}
