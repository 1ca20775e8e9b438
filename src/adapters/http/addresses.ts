import { isIPv4, isIPv6 } from 'node:net'

const MAPPED = /^(?:0:){5}ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/**
 * Whom an address counts as: an IPv4 address as itself, however it is written; an IPv6 address as
 * its network of 64 bits, because a household or a rented server has all addresses of one.
 * Undefined for what is no address.
 */
export const addressKey = (address: string): string | undefined => {
  if (isIPv4(address)) return address
  const groups = groupsOf(address)
  if (!groups) return undefined
  const mapped = MAPPED.exec(groups.join(':'))
  if (!mapped) return `${groups.slice(0, 4).join(':')}::/64`
  return mapped
    .slice(1)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
    .join('.')
}

/**
 * The network around what addressKey says: 16 bits of IPv4, 48 of IPv6. Whoever has many addresses has
 * them there, unless he has many networks.
 */
export const networkKey = (key: string): string =>
  key.includes(':') ? key.split(':').slice(0, 3).join(':') : key.split('.').slice(0, 2).join('.')

/** The eight groups of an IPv6 address, in lower case without leading zeros. */
const groupsOf = (address: string): readonly string[] | undefined => {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return undefined
  // URL writes an IPv6 address in its one canonical form.
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const [head = '', tail = ''] = canonical.split('::')
  const [first, last] = [head, tail].map((part) => (part === '' ? [] : part.split(':')))
  const zeros = 8 - (first?.length ?? 0) - (last?.length ?? 0)
  return [...(first ?? []), ...Array.from({ length: zeros }, () => '0'), ...(last ?? [])]
}
