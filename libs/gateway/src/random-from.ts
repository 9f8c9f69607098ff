/** The draw itself, then numbers that follow from it: a choice by shares is the same again with the same draw. */
export function randomFrom(draw: number): () => number {
  let state = Math.floor(draw * 0x100000000) >>> 0;
  let isFirst = true;
  return () => {
    if (isFirst) {
      isFirst = false;
      return draw;
    }
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
