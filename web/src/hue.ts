/** The colour of a member, from 0 to 359: the same on every page (FNV-1a). */
export const hueOf = (memberId: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < memberId.length; at += 1) {
    hash = Math.imul(hash ^ memberId.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0) % 360
}
