import { BlockList, isIP } from 'node:net'

/**
 * Reads `10.0.0.0/8,192.0.2.7,::1`: addresses and networks (RFC 4632), with commas between; `none` is the empty list.
 * Null where that cannot be.
 */
export function parseNetworks(text: string): BlockList | null {
  const list = new BlockList()
  if (text.trim() === 'none') return list
  for (const part of text.split(',')) {
    const [address = '', bits, ...rest] = part.trim().split('/')
    const version = isIP(address)
    if (version === 0 || rest.length > 0) return null
    const family = version === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32)) {
      list.addSubnet(address, Number(bits), family)
    } else return null
  }
  return list
}
