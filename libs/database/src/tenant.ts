/** On whose behalf a transaction runs: one organization, or the platform, which sees all. */
export type Tenant = { readonly organizationId: string } | 'platform';

/** The value of the setting `signalbox.tenant`, on which row-level security decides. */
export function tenantSetting(tenant: Tenant): string {
  return tenant === 'platform' ? '*' : tenant.organizationId;
}
