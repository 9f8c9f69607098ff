import type { Run, Strategy, Try } from './strategy';

const forgetful = (): void => undefined;

/** Each of the list once, beginning somewhere. */
function around(count: number, first: number): Run {
  let tried = 0;
  return {
    next(): Try | null {
      if (tried >= count) return null;
      const deployment = (first + tried) % count;
      tried += 1;
      return { deployment, ended: forgetful };
    },
  };
}

/** Always the first of the list, then the second: what a list of fallbacks does. Remembers nothing. */
export function fixedOrder(count: number): Strategy {
  return { name: 'fixed order', begin: () => around(count, 0) };
}

/** Each request begins one further. Remembers nothing else. */
export function roundRobin(count: number): Strategy {
  let turn = -1;
  return {
    name: 'round robin',
    begin() {
      turn = (turn + 1) % count;
      return around(count, turn);
    },
  };
}
