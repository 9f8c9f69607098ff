import { type Day, type DayRequest, expectedFailureMs, meanFirstByteMs } from './day';
import type { Run, Strategy } from './strategy';
import type { Utility } from './utility';

interface Prospect {
  readonly deployment: number;
  /** If it answers. */
  readonly worth: number;
  readonly failureShare: number;
  readonly lostIfFailed: number;
}

/**
 * Knows what is true of every deployment at every moment, true prices and the size of the answer too, but not the luck of the single
 * attempt. Nobody can be expected to do better.
 */
export function oracle(day: Day, utility: Utility): Strategy {
  return {
    name: `oracle, ${utility.level}`,
    begin: (request) => inOrder(orderOf(day, utility, request)),
  };
}

function inOrder(order: readonly number[]): Run {
  let place = 0;
  return {
    next: () => {
      const deployment = order[place++];
      return deployment === undefined ? null : { deployment, ended: () => undefined };
    },
  };
}

function orderOf(day: Day, utility: Utility, request: DayRequest): number[] {
  const prospects = day.deployments.map((_, deployment) => prospectOf(day, utility, request, deployment));
  const byWorth = [...prospects].sort((left, right) => surely(right) - surely(left));
  const expected = (one: Prospect): number => {
    const second = byWorth[0] === one ? byWorth[1]! : byWorth[0]!;
    return surely(one) + one.failureShare * (surely(second) - one.lostIfFailed);
  };
  return prospects
    .map((one) => ({ one, value: expected(one) }))
    .sort((left, right) => right.value - left.value)
    .map(({ one }) => one.deployment);
}

function surely({ worth, failureShare }: Prospect): number {
  return worth * (1 - failureShare);
}

function prospectOf(day: Day, utility: Utility, request: DayRequest, deployment: number): Prospect {
  const state = day.stateOf(deployment, request.atMs);
  return {
    deployment,
    worth: utility.of(request, { deployment, totalMs: meanFirstByteMs(state) }),
    failureShare: state.failureShare,
    lostIfFailed: utility.ofLostMs(expectedFailureMs(state.failure)),
  };
}
