import type { QueryRunner } from 'typeorm';

/** Rows of one organization: seen and written only by that tenant, or by the platform. */
const tenantTables = [
  'workspaces',
  'virtual_keys',
  'virtual_key_secrets',
  'service_tokens',
  'audit_events',
  'audit_chains',
  'outbox_items',
  'idempotency_records',
  'attempts',
];
/** Rows of the platform that each tenant may read. */
const sharedTables = ['providers', 'models', 'deployments'];
/** Rows that only the platform sees. */
const platformTables = ['credentials', 'config_releases'];

export const isPlatform = `(SELECT signalbox_tenant()) = '*'`;
export const isAnyTenant = `(SELECT signalbox_tenant()) <> ''`;

export function isTenant(column: string): string {
  return `(${column} = (SELECT signalbox_tenant()) OR ${isPlatform})`;
}

export function secure(table: string, visible: string, writable: string): string {
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY ${table}_read ON ${table} FOR SELECT USING (${visible});
    CREATE POLICY ${table}_insert ON ${table} FOR INSERT WITH CHECK (${writable});
    CREATE POLICY ${table}_update ON ${table} FOR UPDATE USING (${writable}) WITH CHECK (${writable});
    CREATE POLICY ${table}_delete ON ${table} FOR DELETE USING (${writable});
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO signalbox_app;`;
}

/**
 * Row-level security, forced on the owner too. The tenant is the transaction's setting `signalbox.tenant`: an
 * organization's id, or `*` for the platform. Without it, nothing is seen. The subselects make PostgreSQL evaluate
 * the setting once per statement and not once per row.
 */
export async function enableTenancy(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`
    CREATE FUNCTION signalbox_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
      AS $$ SELECT current_setting('signalbox.tenant', true) $$;
    GRANT USAGE ON SCHEMA public TO signalbox_app;
    GRANT SELECT ON schema_migrations TO signalbox_app;`);
  await queryRunner.query(secure('organizations', isTenant('id'), isTenant('id')));
  for (const table of tenantTables) {
    await queryRunner.query(secure(table, isTenant('organization_id'), isTenant('organization_id')));
  }
  for (const table of sharedTables) await queryRunner.query(secure(table, isAnyTenant, isPlatform));
  for (const table of platformTables) await queryRunner.query(secure(table, isPlatform, isPlatform));
  await queryRunner.query('REVOKE UPDATE, DELETE ON audit_events FROM signalbox_app');
  await queryRunner.query('REVOKE DELETE ON audit_chains FROM signalbox_app');
}
