import type { E2eStack } from '../e2e-stack';
import { waitUntil } from '../wait-until';

/** Kills LiteLLM and keeps it down. @returns what brings it back and waits for it */
export async function withoutLitellm(stack: E2eStack): Promise<() => Promise<void>> {
  const runnerPid = await waitUntil(() => stack.processes.pidOf('runner'), {
    deadlineMs: 10_000,
    what: 'a running runner',
  });
  const { active } = await stack.processes.runnerState();
  // A runner that is halted restarts nothing.
  process.kill(runnerPid, 'SIGSTOP');
  if (active) process.kill(active.pid, 'SIGKILL');
  return async () => {
    process.kill(runnerPid, 'SIGCONT');
    await stack.processes.waitUntilBack('litellm', active?.pid ?? 0);
  };
}
