import type { Services } from '../context.ts'

/** The settings in force. A rate of 0 means: not limited. */
export function readSettings({ config }: Services) {
  return {
    retentionSeconds: config.retentionSeconds,
    retentionMessages: config.retentionMessages,
    resumeSeconds: config.resumeSeconds,
    idleTimeoutSeconds: config.idleTimeoutSeconds,
    drainSeconds: config.drainSeconds,
    maxPayloadBytes: config.maxPayloadBytes,
    connectionRatePerSecond: 0,
    pushRatePerSecond: 0,
  }
}
