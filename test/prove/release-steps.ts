import type { ReleaseView } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import { TableLock } from './table-lock';

export interface BegunRelease {
  created: Promise<ReleaseView | null>;
  /** To find the release while its answer may be lost. */
  note: string;
}

/** A step of a release, at which a process is killed. */
export interface ReleaseStep {
  name: string;
  hold: (stack: E2eStack, begin: () => BegunRelease, kill: () => Promise<void>) => Promise<void>;
}

const reachMs = 120_000;

async function findRelease(
  stack: E2eStack,
  note: string,
): Promise<{ id: string; status: string } | undefined> {
  const rows = await stack.stores.query<{ id: string; status: string }>(
    'SELECT id, status FROM config_releases WHERE note = $1',
    [note],
  );
  return rows[0];
}

/** Until the runner says that of its candidate, or of what it runs. */
function waitForRunner(
  stack: E2eStack,
  { note }: BegunRelease,
  phase: 'starting' | 'verifying' | 'active',
): Promise<boolean> {
  return waitUntil(
    async () => {
      const release = await findRelease(stack, note);
      if (!release) return false;
      const { candidate, active } = await stack.processes.runnerState();
      if (phase === 'active') return active?.release_id === release.id;
      // Without a pid its process is still to be started.
      return candidate?.release_id === release.id && candidate.phase === phase && candidate.pid !== null;
    },
    { deadlineMs: reachMs, what: `the runner to be ${phase}`, pollEveryMs: 5 },
  );
}

export const releaseSteps: readonly ReleaseStep[] = [
  {
    name: 'before the request',
    hold: async (_stack, begin, kill) => {
      await kill();
      begin();
    },
  },
  {
    name: 'in the transaction',
    hold: async (stack, begin, kill) => {
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
    name: 'committed',
    hold: async (stack, begin, kill) => {
      const { note } = begin();
      const what = 'the release in PostgreSQL';
      await waitUntil(() => findRelease(stack, note), { deadlineMs: reachMs, what, pollEveryMs: 5 });
      await kill();
    },
  },
  {
    name: 'candidate starting',
    hold: async (stack, begin, kill) => {
      await waitForRunner(stack, begin(), 'starting');
      await kill();
    },
  },
  {
    name: 'candidate verifying',
    hold: async (stack, begin, kill) => {
      await waitForRunner(stack, begin(), 'verifying');
      await kill();
    },
  },
  {
    name: 'switched, not reported',
    hold: async (stack, begin, kill) => {
      const begun = begin();
      await waitForRunner(stack, begun, 'starting');
      const lock = await TableLock.hold(stack, 'config_releases');
      try {
        await waitForRunner(stack, begun, 'active');
        await kill();
      } finally {
        await lock.release();
      }
    },
  },
  {
    name: 'just active',
    hold: async (stack, begin, kill) => {
      const { note } = begin();
      await waitUntil(async () => (await findRelease(stack, note))?.status === 'active', {
        deadlineMs: reachMs,
        what: 'the release to be active',
        pollEveryMs: 5,
      });
      await kill();
    },
  },
];
