import { Injectable } from '@nestjs/common';
import type { ModelMode } from '@signalbox/database';
import type { EntityManager } from 'typeorm';
import type { ConfigSnapshot, SnapshotDeployment, SnapshotModel } from './config-snapshot';

interface SnapshotRow {
  model_id: string;
  model_name: string;
  mode: ModelMode;
  model_enabled: boolean;
  openrouter_id: string | null;
  deployment: SnapshotDeployment | null;
}

/**
 * One statement, so that it sees one moment of all tables. Of the credentials only the platform's count that pay for calls: a tenant's
 * is chosen per call, and never touches a release. A deployment that names none takes its provider's: the one that is switched on,
 * else the oldest. An entry of the catalogue that an admin names is found as routing finds it (catalogue/merge/model-names.ts).
 */
const platformCredential = `owner_type = 'platform' AND purpose = 'inference' AND deleted_at IS NULL`;
const looseId = (id: string): string => `replace(lower(${id}), '.', '-')`;
const snapshotSql = `
  SELECT m.id AS model_id, m.name AS model_name, m.mode, m.enabled AS model_enabled, m.openrouter_id,
    CASE WHEN d.id IS NULL THEN NULL ELSE jsonb_build_object(
      'id', d.id, 'upstreamModel', d.upstream_model, 'baseUrl', d.base_url,
      'litellmParams', d.litellm_params, 'enabled', d.enabled, 'credentialId', d.credential_id,
      'provider', jsonb_build_object('id', p.id, 'name', p.name, 'kind', p.kind, 'baseUrl', p.base_url, 'enabled', p.enabled,
        'environmentKeys', e.keys),
      'credential', CASE WHEN c.id IS NULL THEN NULL ELSE jsonb_build_object('id', c.id, 'enabled', c.enabled) END,
      'unknownEntry', CASE WHEN s.id IS NULL OR ${looseId('s.id')} IN (SELECT ${looseId('id')} FROM catalogue_entries) THEN NULL
        ELSE jsonb_build_object('id', s.id, 'statedBy', s.stated_by) END
    ) END AS deployment
  FROM models m
  LEFT JOIN deployments d ON d.model_id = m.id
  LEFT JOIN providers p ON p.id = d.provider_id
  LEFT JOIN LATERAL (
    SELECT id, enabled FROM credentials
    WHERE (id = d.credential_id OR (d.credential_id IS NULL AND provider_id = d.provider_id)) AND ${platformCredential}
    ORDER BY enabled DESC, id LIMIT 1
  ) c ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('credentialId', id, 'variable', substr(reference, 5)) ORDER BY id), '[]') AS keys
    FROM credentials
    WHERE (provider_id = p.id OR id = d.credential_id) AND reference LIKE 'env:_%' AND ${platformCredential}
  ) e ON true
  LEFT JOIN LATERAL (
    SELECT id, stated_by FROM (VALUES (1, 'deployment', d.facts->>'catalogue_id'), (2, 'model', m.facts->>'catalogue_id'),
      (3, 'provider', p.facts->>'catalogue_id')) AS stated (nearness, stated_by, id)
    WHERE id IS NOT NULL ORDER BY nearness LIMIT 1
  ) s ON true
  ORDER BY m.name, d.id`;

@Injectable()
export class ConfigSnapshotRepository {
  async read(manager: EntityManager): Promise<ConfigSnapshot> {
    const rows = await manager.query<SnapshotRow[]>(snapshotSql);
    const models = new Map<string, SnapshotModel>();
    for (const row of rows) {
      const model: SnapshotModel = models.get(row.model_id) ?? {
        id: row.model_id,
        name: row.model_name,
        mode: row.mode,
        openrouterId: row.openrouter_id,
        enabled: row.model_enabled,
        deployments: [],
      };
      models.set(row.model_id, model);
      if (row.deployment) model.deployments.push(row.deployment);
    }
    return { models: [...models.values()] };
  }
}
