/** Of what a source had once, so large a share is not lost in a day: it is the answer that is wrong. */
export function isMassVanishing(gone: number, before: number): boolean {
  return gone > 0 && gone * 3 >= before;
}
