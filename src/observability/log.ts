import { hostname } from 'node:os'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import pretty from 'pino-pretty'
import { ECS_VERSION, toEcs } from './ecs.ts'

/** Structured log: `log.info({ sessionId }, 'session opened')`. Secrets are never given to it. */
export type Log = Logger

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

/** A reader that is slower than we write holds nobody up: past so much unwritten, lines are dropped. */
const MAX_UNWRITTEN_BYTES = 4_194_304 // 4 MiB

/**
 * Writes to stderr, so that stdout stays for results: JSON lines in Elastic Common Schema, or coloured text where stderr
 * is a terminal.
 */
export function createLog(level: LogLevel): Log {
  if (process.stderr.isTTY) {
    const ignore = 'event,service\\.node\\.name,service\\.version'
    const destination = pretty({
      destination: 2,
      ignore,
      translateTime: 'HH:MM:ss',
      singleLine: true,
      sync: true,
    })
    return pino({ level, base: null }, destination)
  }
  return createEcsLog(level, pino.destination({ fd: 2, sync: false, maxLength: MAX_UNWRITTEN_BYTES }))
}

/** One JSON object per line, in Elastic Common Schema. */
export function createEcsLog(level: LogLevel, destination: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    messageKey: 'message',
    timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
    base: {
      'ecs.version': ECS_VERSION,
      'service.name': 'cloudpush',
      'event.dataset': 'cloudpush.log',
      'process.pid': process.pid,
      'host.hostname': hostname(),
    },
    // Errors are taken apart by `toEcs`; pino's own way would make an object of them first.
    serializers: { err: (error: unknown) => error },
    formatters: { level: (label) => ({ 'log.level': label }), bindings: toEcs, log: toEcs },
  }
  return pino(options, destination)
}
