import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PriceTexts } from '../merge/catalogue.types';
import { tokenPricesOf } from '../facts/token-prices-of-texts';
import type { DeploymentInUse, KeyInUse, TenantInUse } from './deprecation.types';
import type { Replaceable } from './propose-replacement';

/** How much of the past says that somebody uses a model. */
const usageDays = 7;

export interface RulesRow {
  readonly scope: 'platform' | 'organization' | 'workspace';
  readonly id: string;
  readonly organizationId: string | null;
  readonly name: string;
  readonly routing: unknown;
}

export interface UsageRow {
  readonly deploymentId: string;
  readonly organizationId: string;
  readonly virtualKeyId: string;
  readonly requestCount: number;
  readonly lastUsedAt: Date;
}

interface ReplaceableRow {
  readonly id: string;
  readonly vendor: string;
  readonly mode: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly texts: PriceTexts | null;
}

@Injectable()
export class DeprecationRepository {
  async deployments(manager: EntityManager, ids: readonly string[]): Promise<DeploymentInUse[]> {
    return manager.query<DeploymentInUse[]>(
      `SELECT deployment.id, model.id AS "modelId", model.name AS model, deployment.provider_id AS "providerId",
         deployment.upstream_model AS "upstreamModel", deployment.enabled AND model.enabled AS enabled
       FROM deployments deployment JOIN models model ON model.id = deployment.model_id
       WHERE deployment.id = ANY($1) ORDER BY model.name, deployment.id`,
      [ids],
    );
  }

  /** All that has the name somewhere in its text; whether it really names the model is looked at by whoever asks. */
  async rulesMentioning(manager: EntityManager, models: readonly string[]): Promise<RulesRow[]> {
    const isMentioned = `EXISTS (SELECT FROM unnest($1::text[]) AS word WHERE strpos(routing::text, word) > 0)`;
    return manager.query<RulesRow[]>(
      `SELECT 'platform' AS scope, id, NULL AS "organizationId", 'the platform' AS name, routing
       FROM platform_settings WHERE ${isMentioned}
       UNION ALL SELECT 'organization', id, id, name, routing FROM organizations
       WHERE deleted_at IS NULL AND routing <> '{}' AND ${isMentioned}
       UNION ALL SELECT 'workspace', id, organization_id, name, routing FROM workspaces
       WHERE deleted_at IS NULL AND routing <> '{}' AND ${isMentioned}
       ORDER BY 1, 2`,
      [models.map((model) => JSON.stringify(model))],
    );
  }

  async usage(manager: EntityManager, deploymentIds: readonly string[], now: Date): Promise<UsageRow[]> {
    return manager.query<UsageRow[]>(
      `SELECT deployment_id AS "deploymentId", organization_id AS "organizationId", virtual_key_id AS "virtualKeyId",
         count(*)::int AS "requestCount", max(started_at) AS "lastUsedAt"
       FROM usage_events
       WHERE started_at > $2::timestamptz - make_interval(days => ${usageDays}) AND deployment_id = ANY($1)
       GROUP BY 1, 2, 3`,
      [deploymentIds, now],
    );
  }

  /** Those that name one of the models, or are among the given ones. */
  async keys(
    manager: EntityManager,
    models: readonly string[],
    usedIds: readonly string[],
    limit: number,
  ): Promise<Omit<KeyInUse, 'requestCount'>[]> {
    return manager.query<Omit<KeyInUse, 'requestCount'>[]>(
      `SELECT id, key_alias AS alias, organization_id AS "organizationId", workspace_id AS "workspaceId",
         models && $1::text[] AS "isNamed"
       FROM virtual_keys WHERE deleted_at IS NULL AND (models && $1::text[] OR id = ANY($2))
       ORDER BY id LIMIT $3`,
      [models, usedIds, limit],
    );
  }

  async organizationNames(manager: EntityManager, ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await manager.query<Pick<TenantInUse, 'organizationId' | 'name'>[]>(
      'SELECT id AS "organizationId", name FROM organizations WHERE id = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ organizationId, name }) => [organizationId, name]));
  }

  /** Of those ids, the ones that came to be deprecated or to vanish since then. */
  async goneSince(manager: EntityManager, ids: readonly string[], since: Date): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      `SELECT id FROM catalogue_entries WHERE id = ANY($1) AND (status = 'vanished' AND vanished_at >= $2
         OR status = 'deprecated' AND (provenance->'expires_on'->>'at')::timestamptz >= $2) ORDER BY id`,
      [ids, since],
    );
    return rows.map(({ id }) => id);
  }

  /** Models that go and have nobody in their place, or somebody who goes as well. */
  async withoutReplacement(manager: EntityManager): Promise<Replaceable[]> {
    return this.replaceable(
      manager,
      `entry.status <> 'active' AND NOT EXISTS (SELECT FROM catalogue_entries other
         WHERE other.id = entry.replacement_id AND other.status = 'active')`,
    );
  }

  async staying(manager: EntityManager): Promise<Replaceable[]> {
    return this.replaceable(manager, `entry.status = 'active' AND entry.expires_on IS NULL`);
  }

  async setReplacements(
    manager: EntityManager,
    proposals: readonly { id: string; replacementId: string | null }[],
  ): Promise<void> {
    await manager.query(
      `UPDATE catalogue_entries entry SET replacement_id = row."replacementId"
       FROM jsonb_to_recordset($1::jsonb) AS row (id text, "replacementId" text)
       WHERE entry.id = row.id AND entry.replacement_id IS DISTINCT FROM row."replacementId"`,
      [JSON.stringify(proposals)],
    );
  }

  /** With the price of the vendor itself where there is one, else OpenRouter's; of one that has vanished, the last. */
  private async replaceable(manager: EntityManager, condition: string): Promise<Replaceable[]> {
    const rows = await manager.query<ReplaceableRow[]>(
      `SELECT entry.id, entry.vendor, entry.mode, entry.fields, price.prices AS texts
       FROM catalogue_entries entry LEFT JOIN LATERAL (SELECT prices FROM catalogue_prices
         WHERE entry_id = entry.id AND effective_from <= now()
         ORDER BY effective_to DESC NULLS FIRST, provider = 'openrouter', provider LIMIT 1) price ON true
       WHERE ${condition}`,
    );
    return rows.map(({ id, vendor, mode, fields, texts }) => ({
      id,
      vendor,
      mode,
      contextLength: numberOf(fields['context_length']),
      inputModalities: listOf(fields['input_modalities']),
      outputModalities: listOf(fields['output_modalities']),
      tools: typeof fields['tools'] === 'boolean' ? fields['tools'] : null,
      aliasOf: typeof fields['alias_of'] === 'string' ? fields['alias_of'] : null,
      prices: texts && tokenPricesOf(texts),
    }));
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function listOf(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}
