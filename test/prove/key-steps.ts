import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import type { Prepared } from './key-operations';
import { TableLock } from './table-lock';

export interface Begun {
  /** Of the operations under way, so that a failed step does not leave them unheard. */
  operations: Promise<unknown>;
  prepared: Prepared;
}

/**
 * A step of create, rotate and revoke, at which a process is killed. `begin` starts the operations, `reach` brings them to the
 * step and holds them there, `kill` kills, `letGo` takes the hold away.
 */
export interface KeyStep {
  name: string;
  hold: (stack: E2eStack, begin: () => Begun, kill: () => Promise<void>) => Promise<void>;
}

const operationCount = 3;
const reachMs = 30_000;

async function whileStopped(
  stack: E2eStack,
  name: 'redis' | 'litellm',
  work: () => Promise<void>,
): Promise<void> {
  const pid = await waitUntil(() => stack.processes.pidOf(name), {
    deadlineMs: reachMs,
    what: `a running ${name}`,
  });
  process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    resume(pid);
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was the one that was killed.
  }
}

function waitForCommits(stack: E2eStack, { prepared }: Begun): Promise<boolean> {
  const ids = [prepared.toRotate.id, prepared.toRevoke.id];
  return waitUntil(
    async () => {
      const rows = await stack.stores.query<{ count: number }>(
        `SELECT (SELECT count(*) FROM virtual_keys WHERE workspace_id = $1 AND key_alias = $2)::int +
           (SELECT count(*) FROM audit_events WHERE target_id = ANY($3)
             AND action IN ('virtual_key.rotated', 'virtual_key.revoked'))::int AS count`,
        [prepared.workspaceId, `${prepared.label} create`, ids],
      );
      return rows[0]?.count === operationCount;
    },
    { deadlineMs: reachMs, what: 'the three changes in PostgreSQL', pollEveryMs: 5 },
  );
}

/** The worker has taken the keys off the outbox, so its calls of LiteLLM are under way. */
function waitForMirrorCalls(stack: E2eStack, { prepared }: Begun): Promise<boolean> {
  return waitUntil(
    async () => {
      const rows = await stack.stores.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM outbox_items o JOIN virtual_keys k ON k.id = o.subject_id
         WHERE o.topic = 'mirror.virtual_key' AND o.next_attempt_at > now() AND k.workspace_id = $1`,
        [prepared.workspaceId],
      );
      return (rows[0]?.count ?? 0) > 0;
    },
    { deadlineMs: reachMs, what: 'the worker to call LiteLLM', pollEveryMs: 5 },
  );
}

export const keySteps: readonly KeyStep[] = [
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
        await lock.waitForWaiting(operationCount);
        await kill();
      } finally {
        await lock.release();
      }
    },
  },
  {
    name: 'committed, not projected',
    hold: async (stack, begin, kill) => {
      await whileStopped(stack, 'redis', async () => {
        await waitForCommits(stack, begin());
        await kill();
      });
    },
  },
  {
    name: 'projected, mirror call under way',
    hold: async (stack, begin, kill) => {
      await whileStopped(stack, 'litellm', async () => {
        const begun = begin();
        await waitForCommits(stack, begun);
        await waitForMirrorCalls(stack, begun);
        await kill();
      });
    },
  },
  {
    name: 'mirrored, not recorded',
    hold: async (stack, begin, kill) => {
      let lock: TableLock | undefined;
      await whileStopped(stack, 'litellm', async () => {
        const begun = begin();
        await begun.operations;
        await waitForMirrorCalls(stack, begun);
        lock = await TableLock.hold(stack, 'virtual_key_secrets');
      });
      try {
        await lock?.waitForWaiting(1);
        await kill();
      } finally {
        await lock?.release();
      }
    },
  },
  {
    name: 'just answered',
    hold: async (_stack, begin, kill) => {
      await begin().operations;
      await kill();
    },
  },
];
