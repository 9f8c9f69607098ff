import { readFileSync } from 'node:fs';
import type { Row } from '../support/e2e/figures';
import { openStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import { Day } from './routing/day';
import { dayRequests, dayRows, daySeed } from './routing/day-simulation';
import { litellmDay } from './routing/litellm-day';
import { nextCandidateRows } from './routing/next-candidate';
import { scoringSpeedRows } from './routing/scoring-speed';

/**
 * `npm run bench -- routing`: the time that a decision takes, and a simulated day of traffic over providers whose latency, errors and
 * prices change: our scoring, plain orders and LiteLLM's own strategies, beside an oracle.
 */
export async function run(): Promise<Record<string, Row[]>> {
  const python = await pythonOfLitellm();
  const speed = scoringSpeedRows();
  const next = await nextCandidateRows();
  const day = Day.make(daySeed, dayRequests);
  const others = await litellmDay(python, day, daySeed);
  return {
    'A decision': speed,
    'The next candidate after a failure': next,
    'A simulated day (regret: thousandths of the score that are lost against an oracle)': dayRows(
      day,
      others,
    ),
  };
}

/** The LiteLLM that is measured is the one that Signalbox starts. */
async function pythonOfLitellm(): Promise<string> {
  const stack = openStack();
  try {
    const pid = await waitUntil(() => stack.processes.pidOf('litellm'), {
      deadlineMs: 180_000,
      what: 'a running LiteLLM',
    });
    const [command = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command;
  } finally {
    await stack.close();
  }
}
