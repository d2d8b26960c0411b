const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

export const formatCount = (count: number) => number.format(count)

/** One decimal below 100, as of rates and milliseconds. */
export const formatFine = (value: number) => (Math.abs(value) < 100 ? fine : number).format(value)

/** Of 0 to 1; never 100 % of what is not whole. */
export function formatShare(share: number): string {
  const percent = share >= 1 ? 100 : Math.min(99.99, share * 100)
  return `${Number(percent.toFixed(percent > 99 ? 2 : 1))} %`
}

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(power === 0 ? number : fine).format(bytes / 1024 ** power)} ${UNITS[power]}`
}

export function formatMs(ms: number): string {
  return ms < 1_000 ? `${formatFine(ms)} ms` : formatSeconds(ms / 1_000)
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `5 h 2 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${fine.format(seconds)} s`
  if (seconds < 60) return `${number.format(seconds)} s`
  const parts: [number, string, number, string] =
    seconds < 3_600
      ? [60, 'min', 1, 's']
      : seconds < 86_400
        ? [3_600, 'h', 60, 'min']
        : [86_400, 'd', 3_600, 'h']
  const [large, largeName, small, smallName] = parts
  const whole = Math.floor(seconds / large)
  const rest = Math.floor((seconds - whole * large) / small)
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`
}

/** JSON on one line where it is short. */
export function formatPayload(payload: unknown): string {
  const line = JSON.stringify(payload)
  return line.length <= 80 ? line : JSON.stringify(payload, null, 2)
}

/** How long ago, at `now`. */
export function formatAgo(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1_000
  return seconds < 2 ? 'just now' : `${formatSeconds(Math.floor(seconds))} ago`
}

/** Local hour and minute. */
export const formatMinute = (at: number) =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })

/** Local time of day. */
export const formatTime = (at: string | number) => new Date(at).toLocaleTimeString()
