import { limitsOf } from '@signalbox/domain/limits';
import {
  type CatalogueDocument,
  factsDocumentId,
  limitsUnderTier,
  projectionField,
  type ProjectionDocuments,
  type ProjectionKind,
  readRoutingRules,
  settingsDocumentId,
} from '@signalbox/gateway';
import type {
  CredentialEntity,
  ConfigReleaseEntity,
  OrganizationEntity,
  PlatformSettingsEntity,
  ServiceEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';

/** A document as it lies in Redis: the field, the version that guards it, and the text. */
export interface BuiltDocument {
  kind: ProjectionKind;
  id: string;
  field: string;
  version: number;
  text: string;
}

export type SecretWithKey = Pick<VirtualKeySecretEntity, 'keyHash' | 'validUntil'> & {
  virtualKey: VirtualKeyEntity;
};
export type ActiveRelease = Pick<ConfigReleaseEntity, 'id' | 'number' | 'models'>;

const catalogueId = 'current';

/** `v` comes first in the text: the writer's script reads it from there without parsing the rest. */
function built<Kind extends ProjectionKind>(
  kind: Kind,
  id: string,
  { v, ...rest }: ProjectionDocuments[Kind],
): BuiltDocument {
  return { kind, id, field: projectionField(kind, id), version: v, text: JSON.stringify({ v, ...rest }) };
}

/** @returns -1 for a text that is no document of ours */
export function versionOfText(text: string): number {
  return Number(/^\{"v":(\d+)[,}]/.exec(text)?.[1] ?? -1);
}

type KeyStatus = ProjectionDocuments['key']['status'];

function statusOf(key: Pick<VirtualKeyEntity, 'blocked' | 'revokedAt' | 'deletedAt'>): KeyStatus {
  if (key.deletedAt) return 'deleted';
  if (key.revokedAt) return 'revoked';
  return key.blocked ? 'blocked' : 'active';
}

/** A value ends when it was rotated away or when its key expires, whichever comes first. */
export function endOfValue(validUntil: Date | null, expiresAt: Date | null): Date | null {
  if (!validUntil || !expiresAt) return validUntil ?? expiresAt;
  return validUntil < expiresAt ? validUntil : expiresAt;
}

/** numeric(20,9) comes as 10.500000000; without the trailing zeros equal amounts are equal texts. */
export function plainDecimal(amount: string | null): string | null {
  if (amount === null || !amount.includes('.')) return amount;
  return amount.replace(/\.?0+$/, '');
}

/**
 * One document for each value of the key. Nothing in it depends on the time at which it is built, and the key's version
 * grows with each change of the key or of one of its values: so equal versions mean equal documents.
 */
export function buildKeyDocument({ keyHash, validUntil, virtualKey: key }: SecretWithKey): BuiltDocument {
  return built('key', keyHash, {
    v: key.version,
    key_id: key.id,
    organization_id: key.organizationId,
    workspace_id: key.workspaceId,
    key_alias: key.keyAlias,
    models: key.models,
    status: statusOf(key),
    expires_at: endOfValue(validUntil, key.expiresAt)?.toISOString() ?? null,
    ...limitsOf(key),
    max_budget: plainDecimal(key.maxBudget),
    budget_duration: key.budgetDuration,
    user_id: key.userId,
    service_id: key.serviceId,
  });
}

export function buildWorkspaceDocument(workspace: WorkspaceEntity): BuiltDocument {
  return built('workspace', workspace.id, {
    v: workspace.version,
    id: workspace.id,
    organization_id: workspace.organizationId,
    models: workspace.models,
    blocked: workspace.blocked,
    deleted: workspace.deletedAt !== null,
    credential_policy: workspace.credentialPolicy,
    platform_fallback: workspace.platformFallback,
    ...limitsOf(workspace),
    routing: readRoutingRules(workspace.routing),
  });
}

export function buildOrganizationDocument(organization: OrganizationEntity): BuiltDocument {
  return built('organization', organization.id, {
    v: organization.version,
    id: organization.id,
    blocked: organization.blocked,
    deleted: organization.deletedAt !== null,
    platform_credentials: organization.platformCredentials,
    ...limitsUnderTier(limitsOf(organization), organization.rateLimitTier),
    routing: readRoutingRules(organization.routing),
  });
}

export function buildSettingsDocument(settings: PlatformSettingsEntity | null): BuiltDocument {
  return built('settings', settingsDocumentId, {
    v: settings?.version ?? 0,
    routing: readRoutingRules(settings?.routing ?? {}),
  });
}

export function buildFactsDocument(
  v: number,
  deployments: ProjectionDocuments['facts']['deployments'],
): BuiltDocument {
  return built('facts', factsDocumentId, { v, deployments });
}

export function buildServiceDocument(service: ServiceEntity): BuiltDocument {
  return built('service', service.id, {
    v: service.version,
    id: service.id,
    organization_id: service.organizationId,
    name: service.name,
    deleted: service.deletedAt !== null,
    ...limitsOf(service),
  });
}

const environmentReference = /^env:(.+)$/;

/**
 * Each change of a row raises its version, deleted rows included, so their sum grows with each change.
 * @param rows all of one owner with their providers, also the deleted ones
 */
export function buildCredentialsDocument(ownerKey: string, rows: readonly CredentialEntity[]): BuiltDocument {
  return built('credentials', ownerKey, {
    v: rows.reduce((sum, row) => sum + row.version, 0),
    owner_key: ownerKey,
    credentials: rows.flatMap((row) => {
      const isUsable = row.enabled && row.deletedAt === null && row.purpose === 'inference';
      if (!isUsable || row.state === 'disabled') return [];
      const { id, providerId, state, expiresAt, provider, reference, baseUrl } = row;
      return [
        {
          id,
          provider_id: providerId,
          state,
          expires_at: expiresAt?.toISOString() ?? null,
          // The edge must know an OpenRouter key from others while LiteLLM is down.
          provider_kind: provider?.kind ?? null,
          environment_variable: environmentReference.exec(reference ?? '')?.[1] ?? null,
          own_address: baseUrl !== null,
        },
      ];
    }),
  });
}

/** Release numbers only grow, also over a rollback (which is a new release), so they serve as the version. */
export function catalogueOf(release: ActiveRelease | null): CatalogueDocument {
  return {
    v: release?.number ?? 0,
    release_id: release?.id ?? null,
    release_number: release?.number ?? null,
    models: (release?.models ?? []).map(
      ({ name, mode, deployment_ids, deployments = [], openrouter_id = null }) => ({
        name,
        mode,
        deployment_ids,
        deployments: deployments.map((deployment) => ({
          upstream_model: null,
          base_url: null,
          ...deployment,
        })),
        openrouter_id,
      }),
    ),
  };
}

export function buildCatalogueDocument(release: ActiveRelease | null): BuiltDocument {
  return built('catalogue', catalogueId, catalogueOf(release));
}
