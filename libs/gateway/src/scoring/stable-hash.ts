/** FNV-1a over the UTF-16 units. Fast and well spread; nothing secret hangs on it. */
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

export function hashOf(text: string, seed: number = offsetBasis): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  return hash >>> 0;
}

/** The last step of MurmurHash3: near texts, such as ids of one prefix, get far numbers. */
function spread(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Rendezvous hashing: each key has its own favourite among the members, and keeps it for as long as that one is there, whoever
 * else comes or goes.
 */
export function rendezvousWeight(keyHash: number, member: string): number {
  return spread(hashOf(member, keyHash));
}
