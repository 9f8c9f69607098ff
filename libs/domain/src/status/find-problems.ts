import type { Status } from './status.types';

/** Changes reach LiteLLM and the edges within seconds: an older item means that nobody works on it. */
const backlogLimitSeconds = 60;

function litellmProblem(status: Status): string[] {
  switch (status.litellm) {
    case 'running':
      return [];
    case 'starting':
      return ['LiteLLM is starting. Requests are answered as soon as it is there.'];
    case 'down':
      return ['LiteLLM is down. The runner starts it again; see its log if that does not help.'];
    case 'unknown':
      return ['The runner does not answer, so the state of LiteLLM is not known. Start the runner.'];
  }
}

function platformProblems({ platform }: Status): string[] {
  if (!platform) return [];
  const { edges, workers, activeRelease, outbox, runner, secretStore } = platform;
  const problems: string[] = [];
  if (secretStore.problem !== null) {
    problems.push(
      `The secret store (${secretStore.kind}): ${secretStore.problem} Provider keys in use are served from memory for a while; none can be saved.`,
    );
  }
  if (edges.length === 0) problems.push('No edge has reported in the last 15 seconds. Start one.');
  if (workers.length === 0) {
    problems.push(
      'No worker has reported in the last 15 seconds. Start one: mirror and repairs stand still.',
    );
  }
  if (!activeRelease) problems.push('No config release is active. Apply one: POST /api/v1/config/releases.');
  if (activeRelease && runner?.active && runner.active.release_id !== activeRelease.id) {
    problems.push(`LiteLLM runs another config release than ${activeRelease.number}, the active one.`);
  }
  if (runner?.active && !runner.active.database_mode) {
    problems.push('LiteLLM runs without its database. It serves, but keeps no logs and no spend.');
  }
  if ((outbox.oldestSeconds ?? 0) > backlogLimitSeconds) {
    problems.push(
      `${outbox.pendingCount} changes wait for the worker, the oldest for ${outbox.oldestSeconds} seconds.`,
    );
  }
  return problems;
}

/** Each of them is one owner's affair; GET /api/v1/credentials?state=... names them. */
function credentialProblems({ credentials }: Status): string[] {
  return (['invalid', 'exhausted', 'expired', 'unreadable'] as const)
    .filter((state) => credentials[state] > 0)
    .map(
      (state) =>
        `${credentials[state]} provider keys are ${state}: see GET /api/v1/credentials?state=${state}.`,
    );
}

/** Pure: what a person has to look at. */
export function findProblems(status: Status): string[] {
  const failed = status.mirror.workspaces.failed + status.mirror.virtualKeys.failed;
  return [
    ...(status.redisLatencyMs === null
      ? ['Redis does not answer. Known keys are served; changes go live when it is back.']
      : []),
    ...litellmProblem(status),
    ...platformProblems(status),
    ...credentialProblems(status),
    ...(failed > 0
      ? [`${failed} copies in LiteLLM failed; their mirror.error says why. Serving is not affected.`]
      : []),
  ];
}
