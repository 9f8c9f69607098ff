import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { CreatedKey, KeyView, Page } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import { insist, rotateAgain } from './persistent-client';

/** One key to be rotated and one to be revoked, known everywhere; a third one is created under fire. */
export interface Prepared {
  label: string;
  workspaceId: string;
  toRotate: CreatedKey;
  toRevoke: CreatedKey;
}

export interface OperationsResult {
  /** Requests that a persistent client needed for each; 1: the first was answered. */
  requests: { create: number; rotate: number; revoke: number };
  /** Every value that was ever shown. */
  values: string[];
}

export async function prepare(stack: E2eStack, workspaceId: string, label: string): Promise<Prepared> {
  const [toRotate, toRevoke] = await Promise.all([
    stack.api.createKey(workspaceId, { key_alias: `${label} rotate` }),
    stack.api.createKey(workspaceId, { key_alias: `${label} revoke` }),
  ]);
  return { label, workspaceId, toRotate, toRevoke };
}

/** Create, rotate and revoke at the same time; each is repeated until it is answered. */
export async function operate(stack: E2eStack, prepared: Prepared): Promise<OperationsResult> {
  const { label, workspaceId, toRotate, toRevoke } = prepared;
  const alias = `${label} create`;
  const [created, rotated, revoked] = await Promise.all([
    insist<CreatedKey>(
      stack,
      '/keys',
      { workspace_id: workspaceId, key_alias: alias },
      `${label} c`.replaceAll(' ', '-'),
    ),
    insist<CreatedKey>(
      stack,
      `/keys/${toRotate.id}/rotate`,
      { overlap: '0s' },
      `${label} r`.replaceAll(' ', '-'),
    ),
    insist<KeyView>(stack, `/keys/${toRevoke.id}/revoke`, {}, `${label} v`.replaceAll(' ', '-')),
  ]);
  const createdId = created.body?.id ?? (await findByAlias(stack, workspaceId, alias)).id;
  const newValue = created.body ?? (await rotateAgain(stack, createdId, `${label}-c2`.replaceAll(' ', '-')));
  const rotatedValue =
    rotated.body ?? (await rotateAgain(stack, toRotate.id, `${label}-r2`.replaceAll(' ', '-')));
  await expectExactlyOne(stack, prepared, alias);
  return {
    requests: { create: created.requests, rotate: rotated.requests, revoke: revoked.requests },
    values: [newValue.key, toRotate.key, rotatedValue.key, toRevoke.key],
  };
}

async function findByAlias(stack: E2eStack, workspaceId: string, alias: string): Promise<KeyView> {
  const query = new URLSearchParams({ workspace_id: workspaceId, key_alias: alias });
  const { data } = await stack.api.get<Page<KeyView>>(`/keys?${query.toString()}`);
  if (data.length !== 1 || !data[0]) throw new Error(`${data.length} keys are named ${alias}`);
  return data[0];
}

/** In PostgreSQL: one created key, one live value of the rotated one, none of the revoked one. */
async function expectExactlyOne(
  stack: E2eStack,
  { toRotate, toRevoke, workspaceId }: Prepared,
  alias: string,
): Promise<void> {
  const [row] = await stack.stores.query<{
    created: number;
    live: number;
    hashes: string[];
    is_revoked: boolean;
  }>(
    `SELECT
       (SELECT count(*)::int FROM virtual_keys WHERE workspace_id = $1 AND key_alias = $2) AS created,
       (SELECT count(*)::int FROM virtual_key_secrets WHERE virtual_key_id = $3 AND valid_until IS NULL) AS live,
       (SELECT revoked_at IS NOT NULL FROM virtual_keys WHERE id = $4) AS is_revoked,
       (SELECT array_agg(key_hash) FROM virtual_key_secrets WHERE virtual_key_id = $3 AND valid_until IS NULL) AS hashes`,
    [workspaceId, alias, toRotate.id, toRevoke.id],
  );
  const isOldValueLive = row?.hashes.includes(hashVirtualKeyValue(toRotate.key)) ?? true;
  if (row?.created === 1 && row.live === 1 && row.is_revoked && !isOldValueLive) return;
  throw new Error(`not exactly one outcome: ${JSON.stringify(row)}`);
}
