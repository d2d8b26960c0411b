/** The hash slots of Redis Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const SLOTS = 16_384

/** CRC-16/XMODEM, one entry per byte. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})

/** The slot of a key: of what stands between its first `{` and the next `}`, or of the whole key. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed, 'utf8')) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] as number)
  }
  return crc % SLOTS
}

/**
 * So many hash tags, one slot each, evenly spread: tag n lies at the beginning of the n-th part of the slots. However the
 * slots are divided among the masters in ranges, each master has its share of the tags.
 */
export function balancedTags(count: number): readonly string[] {
  const tags = new Map<number, string>()
  const part = SLOTS / count
  for (let number = 0; tags.size < count; number++) {
    const tag = String(number)
    const slot = slotOf(tag)
    const index = Math.floor(slot / part)
    if (slot - index * part < part / 8 && !tags.has(index)) tags.set(index, tag)
  }
  return Array.from({ length: count }, (_, index) => tags.get(index) as string)
}
