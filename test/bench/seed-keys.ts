import type { E2eStack } from '../support/e2e-stack';

export interface SeededTenant {
  organizationId: string;
  workspaceIds: string[];
}

const workspaceCount = 100;

/**
 * Virtual keys written straight into PostgreSQL, as old ones are there: mirrored once, their values erased. Through the API the
 * same would take LiteLLM ten minutes; the reconcile loops bring them to Redis and LiteLLM by themselves.
 */
export async function seedKeys(stack: E2eStack, keyCount: number): Promise<SeededTenant> {
  const organization = await stack.api.createOrganization(`bench ${Date.now()}`);
  const workspaceIds: string[] = [];
  for (let index = 0; index < workspaceCount; index += 1) {
    workspaceIds.push((await stack.api.createWorkspace(organization.id, `bench ${index}`)).id);
  }
  await insertKeys(stack, organization.id, workspaceIds, keyCount);
  await insertSecrets(stack, organization.id);
  await stack.stores.query('ANALYZE virtual_keys');
  await stack.stores.query('ANALYZE virtual_key_secrets');
  return { organizationId: organization.id, workspaceIds };
}

/** Ids sort by age, as real ones do: from the time that a real one would carry, then a counter. */
async function insertKeys(
  stack: E2eStack,
  organizationId: string,
  workspaceIds: readonly string[],
  keyCount: number,
): Promise<void> {
  const template = await stack.api.createKey(workspaceIds[0] ?? '', { key_alias: 'template' });
  const prefix = template.id.slice(0, -6);
  await stack.stores.query(
    `INSERT INTO virtual_keys (id, organization_id, workspace_id, key_alias, models, metadata, rpm_limit, created_by)
     SELECT $1 || lpad(n::text, 6, '0'), $2, ($3::text[])[1 + n % array_length($3::text[], 1)],
       'app ' || n || ' ' || (ARRAY['search', 'chat', 'billing', 'support', 'mail'])[1 + n % 5],
       ARRAY['smart', 'cheap'], jsonb_build_object('number', n), 600, 'bench'
     FROM generate_series(1, $4::int) AS n`,
    [prefix, organizationId, workspaceIds, keyCount],
  );
}

async function insertSecrets(stack: E2eStack, organizationId: string): Promise<void> {
  await stack.stores.query(
    `INSERT INTO virtual_key_secrets (id, organization_id, virtual_key_id, key_hash, key_name, mirror_state)
     SELECT 'ksec_' || substr(k.id, 5), k.organization_id, k.id, encode(sha256(k.id::bytea), 'hex'),
       'sk-...' || substr(k.id, length(k.id) - 3), 'synced'
     FROM virtual_keys k WHERE k.organization_id = $1
       AND NOT EXISTS (SELECT FROM virtual_key_secrets s WHERE s.virtual_key_id = k.id)`,
    [organizationId],
  );
}
