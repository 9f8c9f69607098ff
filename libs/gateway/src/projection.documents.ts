import { z } from 'zod';
import { deploymentFacts, type DeploymentFacts } from './model-facts';
import { limitFields } from './rate-limits';
import { readRoutingRules } from './routing-policy';

/**
 * The documents that the worker and the API write to Redis and the edge reads (hash `<prefix>:projection`, fields
 * `<kind>:<id>`). Unknown fields are dropped and not refused, so that an edge can be older than the writer.
 */
const version = z.int().nonnegative();
const id = z.string().min(1).max(128);
const models = z.array(z.string().min(1).max(512)).max(10_000);

/** What one level says of the routing, and nothing of the levels above it. Left out by an older writer. */
const routing = z.unknown().default({}).transform(readRoutingRules);

const keyDocument = z.object({
  v: version,
  key_id: id,
  organization_id: id,
  workspace_id: id,
  key_alias: z.string().max(1_024).nullable(),
  models,
  status: z.enum(['active', 'blocked', 'revoked', 'deleted']),
  expires_at: z.iso.datetime({ offset: true }).nullable(),
  ...limitFields,
  /** Money stays a decimal string: a float would lose parts of a cent. */
  max_budget: z
    .string()
    .regex(/^\d{1,18}(\.\d{1,18})?$/)
    .nullable(),
  budget_duration: z.string().max(32).nullable(),
  /** The member. Left out by an older writer. */
  user_id: id.nullable().default(null),
  /** Left out by an older writer. */
  service_id: id.nullable().default(null),
});

const workspaceDocument = z.object({
  v: version,
  id,
  organization_id: id,
  models,
  blocked: z.boolean(),
  deleted: z.boolean(),
  credential_policy: z
    .enum(['byok_only', 'byok_then_platform', 'platform_only'])
    .default('byok_then_platform'),
  platform_fallback: z.boolean().default(false),
  ...limitFields,
  routing,
});

const organizationDocument = z.object({
  v: version,
  id,
  blocked: z.boolean(),
  deleted: z.boolean(),
  /** Whether the platform's provider keys may pay for it. Left out by an older writer. */
  platform_credentials: z.boolean().default(true),
  /** Its own and those of its tier. */
  ...limitFields,
  routing,
});

/** A product or app of an organization, whose keys share limits. */
const serviceDocument = z.object({
  v: version,
  id,
  organization_id: id,
  name: z.string().max(200),
  deleted: z.boolean().default(false),
  ...limitFields,
});

/** All provider keys of one owner that are switched on; their owner's key is the document's id. Never a secret. */
const credentialsDocument = z.object({
  v: version,
  owner_key: z.string().min(1).max(300),
  credentials: z
    .array(
      z.object({
        id,
        provider_id: id,
        state: z.enum(['pending', 'verified', 'unverified', 'invalid', 'exhausted', 'expired', 'unreadable']),
        expires_at: z.iso.datetime({ offset: true }).nullable(),
        /** Left out by an older writer. */
        provider_kind: z.string().max(64).nullish(),
        /** The key is this variable, and has no saved value. Left out by an older writer. */
        environment_variable: z.string().max(256).nullish(),
        /** It brings the address of a server along. Left out by an older writer. */
        own_address: z.boolean().nullish(),
      }),
    )
    .max(1_000),
});

const catalogueDeployment = z.object({
  id,
  provider_id: id,
  provider_kind: z.string().max(64),
  /** false: a server that asks for no key; then a workspace without one may use it too. */
  needs_key: z.boolean(),
  /** The platform's own credential that this deployment names; null: the platform's of the provider. */
  credential_id: id.nullable(),
  /** 0: only when nothing else is left. */
  weight: z.number().nonnegative().default(1),
  order: z.int().default(0),
  /** The provider's own name of the model; null in releases of older versions: then LiteLLM only can reach it. */
  upstream_model: z.string().max(512).nullable().default(null),
  /** null: the provider's usual one. */
  base_url: z.string().max(2_048).nullable().default(null),
});

const catalogueDocument = z.object({
  v: version,
  release_id: id.nullable(),
  release_number: z.int().nonnegative().nullable(),
  models: z.array(
    z.object({
      name: z.string().min(1).max(512),
      mode: z.string().max(64).nullable(),
      deployment_ids: z.array(id),
      /** Empty in releases of older versions: then LiteLLM chooses, with the key of its configuration. */
      deployments: z.array(catalogueDeployment).default([]),
      /** null: it cannot be reached through OpenRouter. */
      openrouter_id: z.string().max(512).nullable().default(null),
    }),
  ),
});

/** What holds for every organization that does not say otherwise. */
const settingsDocument = z.object({ v: version, routing });

/** One that cannot be read is left out: of that deployment nothing is known then. */
function readFacts(written: Record<string, unknown>): Record<string, DeploymentFacts> {
  const facts: Record<string, DeploymentFacts> = {};
  for (const [deploymentId, value] of Object.entries(written)) {
    const read = deploymentFacts.safeParse(value);
    if (read.success) facts[deploymentId] = read.data;
  }
  return facts;
}

/** Prices, abilities and quality of what the deployments serve, by the deployment's id. */
const factsDocument = z.object({
  v: version,
  deployments: z.record(id, z.unknown()).transform(readFacts),
});

export type KeyDocument = z.infer<typeof keyDocument>;
export type WorkspaceDocument = z.infer<typeof workspaceDocument>;
export type OrganizationDocument = z.infer<typeof organizationDocument>;
export type ServiceDocument = z.infer<typeof serviceDocument>;
export type CredentialsDocument = z.infer<typeof credentialsDocument>;
export type CatalogueDeployment = z.infer<typeof catalogueDeployment>;
export type CatalogueDocument = z.infer<typeof catalogueDocument>;

export type SettingsDocument = z.infer<typeof settingsDocument>;
export type FactsDocument = z.infer<typeof factsDocument>;

/** The ids of the documents of which there is one. */
export const settingsDocumentId = 'platform';
export const factsDocumentId = 'current';

export interface ProjectionDocuments {
  key: KeyDocument;
  workspace: WorkspaceDocument;
  organization: OrganizationDocument;
  service: ServiceDocument;
  catalogue: CatalogueDocument;
  credentials: CredentialsDocument;
  settings: SettingsDocument;
  facts: FactsDocument;
}
export type ProjectionKind = keyof ProjectionDocuments;

const schemas: { [Kind in ProjectionKind]: z.ZodType<ProjectionDocuments[Kind]> } = {
  key: keyDocument,
  workspace: workspaceDocument,
  organization: organizationDocument,
  service: serviceDocument,
  catalogue: catalogueDocument,
  credentials: credentialsDocument,
  settings: settingsDocument,
  facts: factsDocument,
};

function isProjectionKind(text: string): text is ProjectionKind {
  return Object.hasOwn(schemas, text);
}

export function projectionField(kind: ProjectionKind, documentId: string): string {
  return `${kind}:${documentId}`;
}

export interface ProjectionField {
  kind: ProjectionKind;
  id: string;
}

export function parseProjectionField(field: string): ProjectionField | null {
  const colon = field.indexOf(':');
  const kind = field.slice(0, Math.max(colon, 0));
  const documentId = field.slice(colon + 1);
  return isProjectionKind(kind) && documentId !== '' ? { kind, id: documentId } : null;
}

/** @returns null for anything that is not exactly such a document: the caller must then deny */
export function readProjectionDocument<Kind extends ProjectionKind>(
  kind: Kind,
  value: unknown,
): ProjectionDocuments[Kind] | null {
  const result = schemas[kind].safeParse(value);
  return result.success ? result.data : null;
}

export function parseProjectionDocument<Kind extends ProjectionKind>(
  kind: Kind,
  text: string,
): ProjectionDocuments[Kind] | null {
  try {
    return readProjectionDocument(kind, JSON.parse(text));
  } catch {
    return null;
  }
}

const changeMessage = z.object({
  epoch: z.union([z.string().min(1), z.number()]).transform(String),
  seq: z.int().nonnegative(),
  kind: z.string(),
  id: z.string().optional(),
  document: z.unknown().optional(),
});

/** A message of the channel `<prefix>:projection:changes`. */
export type ProjectionChange =
  | { kind: 'reload' }
  | { kind: 'document'; epoch: string; seq: number; field: ProjectionField; document: unknown };

/** @returns null when the message makes no sense; the caller re-reads everything, for it may have been a revocation */
export function parseProjectionChange(text: string): ProjectionChange | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = changeMessage.safeParse(value);
  if (!result.success) return null;
  const { epoch, seq, kind, id: documentId, document } = result.data;
  if (kind === 'reload') return { kind: 'reload' };
  if (!isProjectionKind(kind) || !documentId) return null;
  return { kind: 'document', epoch, seq, field: { kind, id: documentId }, document };
}
