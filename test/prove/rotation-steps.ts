import type { E2eStack } from '../support/e2e-stack';
import type { ByokWorkspace } from '../support/e2e/byok-workspaces';
import { waitUntil } from '../support/wait-until';
import { hashOfKey, type ProviderStandIn } from '../stand-ins/provider.stand-in';
import { TableLock } from './table-lock';

/** One rotation, to be begun by a persistent client. */
export interface RotationCase {
  stack: E2eStack;
  provider: ProviderStandIn;
  workspace: ByokWorkspace;
  credentialId: string;
  newValue: string;
  /** Sends the request; nobody waits for its answer here. */
  begin: () => void;
  /** Asks to retire the old value without waiting for its grace time. */
  retire: () => void;
}

/** A step of a rotation, at which a process is killed. */
export interface RotationStep {
  name: string;
  hold: (rotation: RotationCase, kill: () => Promise<void>) => Promise<void>;
}

const reachMs = 60_000;

interface RotationRow {
  step: string;
  status: string;
}

async function newest({ stack, credentialId }: RotationCase): Promise<RotationRow | undefined> {
  const rows = await stack.stores.query<RotationRow>(
    'SELECT step, status FROM rotations WHERE subject_id = $1 ORDER BY id DESC LIMIT 1',
    [credentialId],
  );
  return rows[0]?.status === 'running' ? rows[0] : undefined;
}

function waitForStep(rotation: RotationCase, step: string): Promise<boolean> {
  return waitUntil(async () => (await newest(rotation))?.step === step, {
    deadlineMs: reachMs,
    what: `the step ${step}`,
    pollEveryMs: 10,
  });
}

/** Stands still with a table locked that the step must write, so that it has begun and cannot end. */
async function killWhileLocked(
  rotation: RotationCase,
  table: string,
  step: string,
  kill: () => Promise<void>,
  start: () => void = () => undefined,
): Promise<void> {
  const lock = await TableLock.hold(rotation.stack, table);
  try {
    start();
    await waitForStep(rotation, step);
    await lock.waitForWaiting(1);
    await kill();
  } finally {
    await lock.release();
  }
}

export const rotationSteps: readonly RotationStep[] = [
  {
    name: 'before the request',
    hold: async ({ begin }, kill) => {
      await kill();
      begin();
    },
  },
  {
    name: 'request, in its transaction',
    hold: async ({ stack, begin }, kill) => {
      const lock = await TableLock.hold(stack, 'audit_chains');
      try {
        begin();
        await lock.waitForWaiting(1);
        await kill();
      } finally {
        await lock.release();
      }
    },
  },
  {
    name: 'validate, while the provider is asked',
    hold: async (rotation, kill) => {
      const { provider, newValue, begin } = rotation;
      const isProbe = (request: { method: string; keyHash: string | null }): boolean =>
        request.method === 'GET' && request.keyHash === hashOfKey(newValue);
      provider.misbehave({ kind: 'hang' }, { when: isProbe });
      begin();
      await waitUntil(() => provider.requests.some(isProbe), { deadlineMs: reachMs, what: 'the probe' });
      await waitForStep(rotation, 'validate');
      await kill();
      provider.behave();
    },
  },
  {
    name: 'switch',
    hold: async (rotation, kill) => {
      rotation.begin();
      await waitForStep(rotation, 'validate');
      await killWhileLocked(rotation, 'credential_versions', 'switch', kill);
    },
  },
  {
    name: 'watch',
    hold: async (rotation, kill) => {
      rotation.begin();
      await waitForStep(rotation, 'watch');
      await kill();
    },
  },
  {
    name: 'retire',
    hold: async (rotation, kill) => {
      rotation.begin();
      await waitForStep(rotation, 'watch');
      await killWhileLocked(rotation, 'credential_versions', 'retire', kill, rotation.retire);
    },
  },
  {
    name: 'erase',
    hold: async (rotation, kill) => {
      rotation.begin();
      await waitForStep(rotation, 'watch');
      await killWhileLocked(rotation, 'sealed_secrets', 'erase', kill, rotation.retire);
    },
  },
];
