import { newId } from '@signalbox/common';
import { UsageEventEntity } from '@signalbox/database';
import { OrganizationService } from '@signalbox/domain/organizations';
import { EnvironmentCredentialService } from '@signalbox/domain/credentials';
import { BenchmarkRunService } from '@signalbox/domain/benchmarks';
import { QualityService } from '@signalbox/domain/quality';
import { systemCaller } from '@signalbox/domain/access';
import { JobProducer } from '@signalbox/jobs';
import { type ApiApp, type ApiAppOptions, openApiApp } from '../support/api-app';
import { insertHeldChange } from '../support/held-change';
import type { ApiRoute, Schema } from './api-routes';

/** Stands in every name, alias and metadata of a world, so that a leak shows wherever it happens. */
export type Canary = string;

export interface World {
  canary: Canary;
  /** A token of this organization that may do everything in it. */
  token: string;
  ids: Record<ResourceName, string>;
}

export type ResourceName =
  | 'organization'
  | 'workspace'
  | 'key'
  | 'provider'
  | 'credential'
  | 'rotation'
  | 'user'
  | 'model'
  | 'deployment'
  | 'release'
  | 'service_token'
  | 'webhook'
  | 'maintenance_run'
  | 'catalogue_change'
  | 'benchmark_run'
  | 'benchmark_schedule'
  | 'catalogue_entry'
  | 'quality_subject'
  | 'quality_proposal'
  | 'service'
  | 'routing_version'
  | 'usage_event'
  | 'audit_event';

type PlatformResource =
  | 'provider'
  | 'model'
  | 'deployment'
  | 'release'
  | 'maintenance_run'
  | 'catalogue_change'
  | 'benchmark_run'
  | 'benchmark_schedule'
  | 'catalogue_entry'
  | 'quality_subject'
  | 'quality_proposal';

/** The path before an id says what the id is of. */
const resourceOfSegment: Record<string, ResourceName> = {
  organizations: 'organization',
  workspaces: 'workspace',
  keys: 'key',
  providers: 'provider',
  credentials: 'credential',
  rotations: 'rotation',
  users: 'user',
  byok: 'provider',
  models: 'model',
  deployments: 'deployment',
  releases: 'release',
  'service-tokens': 'service_token',
  webhooks: 'webhook',
  services: 'service',
  events: 'usage_event',
  runs: 'maintenance_run',
  'benchmarks/runs': 'benchmark_run',
  schedules: 'benchmark_schedule',
  changes: 'catalogue_change',
  catalogue: 'catalogue_entry',
  quality: 'quality_subject',
  proposals: 'quality_proposal',
  versions: 'routing_version',
  'audit-events': 'audit_event',
};

/** Fields of bodies and queries that name a resource. */
export const resourceOfField: Record<string, ResourceName> = {
  organization_id: 'organization',
  workspace_id: 'workspace',
  provider_id: 'provider',
  provider: 'provider',
  credential_id: 'credential',
  service_id: 'service',
  key_id: 'key',
};

/** The API as it is while no worker runs: what would wait for one says so at once. */
export async function openApiWithoutWorker(options: ApiAppOptions = {}): Promise<ApiApp> {
  const api = await openApiApp(options);
  jest.spyOn(api.get(JobProducer), 'add').mockResolvedValue(false);
  return api;
}

async function made(api: ApiApp, token: string, path: string, body: object): Promise<string> {
  const answer = await api.call<{ id: string }>('POST', path, { token, body });
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.id;
}

/** What belongs to the platform and is there once, whatever the number of organizations. */
export async function seedPlatform(api: ApiApp): Promise<Pick<World['ids'], PlatformResource>> {
  const token = await api.createToken();
  const provider = await made(api, token, '/api/v1/llm/providers', { name: 'demo-provider', kind: 'demo' });
  await api
    .get(EnvironmentCredentialService)
    .sync(systemCaller('test'), [{ name: 'OPENAI_API_KEY', fingerprint: 'ab', last4: 'wxyz' }]);
  const model = await made(api, token, '/api/v1/llm/models', {
    name: 'demo-model',
    deployments: [{ provider_id: provider, upstream_model: 'demo' }],
  });
  const shown = await api.call<{ deployments: { id: string }[] }>('GET', `/api/v1/llm/models/${model}`, {
    token,
  });
  const release = await made(api, token, '/api/v1/config/releases', {});
  const move = { kind: 'move_secrets', dry_run: true, parameters: { to: 'sealed' } };
  const run = await made(api, token, '/api/v1/maintenance/runs', move);
  return {
    provider,
    model,
    deployment: shown.body.deployments[0]?.id ?? '',
    release,
    maintenance_run: run,
    catalogue_change: await insertHeldChange(api.database),
    ...(await seedBenchmark(api)),
    catalogue_entry: await made(api, token, '/api/v1/llm/catalogue', { id: 'acme/seeded' }),
    quality_subject: 'demo-model',
    quality_proposal: await seedQualityProposal(api),
  };
}

async function seedBenchmark(
  api: ApiApp,
): Promise<Pick<World['ids'], 'benchmark_run' | 'benchmark_schedule'>> {
  const input = { models: ['demo-model'], suite: 'quick-1', samples: 1, capNanoUsd: 1, allowUnpriced: true };
  const { run } = await api.get(BenchmarkRunService).start(systemCaller('test'), input, 'weekly');
  return { benchmark_run: run.id, benchmark_schedule: run.scheduleId ?? '' };
}

async function seedQualityProposal(api: ApiApp): Promise<string> {
  const proposal = { model: 'demo-model', score: 0.5, arithmetic: '20 of 40 tasks', runId: 'run_of_a_test' };
  return (await api.get(QualityService).propose(systemCaller('test'), proposal)).id;
}

/** One of everything that an organization can have. */
export async function seedWorld(
  api: ApiApp,
  canary: Canary,
  platformIds: Awaited<ReturnType<typeof seedPlatform>>,
): Promise<World> {
  const metadata = { note: canary };
  const { id: organization } = await api
    .get(OrganizationService)
    .create(systemCaller('test'), { name: `organization ${canary}`, metadata });
  const token = await api.createToken({ organizationId: organization });
  const workspace = await made(api, token, '/api/v1/workspaces', {
    organization_id: organization,
    name: `workspace ${canary}`,
    metadata,
  });
  const key = await made(api, token, '/api/v1/keys', {
    workspace_id: workspace,
    key_alias: `key ${canary}`,
    metadata,
  });
  const serviceToken = await made(api, token, '/api/v1/service-tokens', {
    name: `token ${canary}`,
    scopes: ['keys:read'],
  });
  const credential = await made(api, token, '/api/v1/credentials', {
    provider: platformIds.provider,
    api_key: `key-of-${canary}-0123456789`,
    metadata,
  });
  const user = 'ada@example.com';
  await made(api, token, `/api/v1/llm/users/${user}/byok`, {
    provider: platformIds.provider,
    api_key: `key-of-ada-of-${canary}-0123456789`,
    metadata,
  });
  const rotatedKey = await made(api, token, '/api/v1/keys', { workspace_id: workspace, metadata });
  const rotation = await made(api, token, `/api/v1/keys/${rotatedKey}/rotations`, {});
  const webhook = await made(api, token, '/api/v1/webhooks', { url: `https://example.com/${canary}` });
  const service = await made(api, token, '/api/v1/services', {
    organization_id: organization,
    name: `service ${canary}`,
  });
  const routingVersion = await seedRoutingVersion(api, token, workspace, canary);
  const usageEvent = await seedUsageEvent(api, canary, { organization, workspace, key });
  const events = await api.call<{ data: { id: string }[] }>('GET', '/api/v1/audit-events', { token });
  return {
    canary,
    token,
    ids: {
      ...platformIds,
      organization,
      workspace,
      key,
      credential,
      rotation,
      user,
      service_token: serviceToken,
      webhook,
      service,
      routing_version: routingVersion,
      usage_event: usageEvent,
      audit_event: events.body.data[0]?.id ?? '',
    },
  };
}

async function seedRoutingVersion(
  api: ApiApp,
  token: string,
  workspaceId: string,
  canary: Canary,
): Promise<string> {
  const query = `workspace_id=${workspaceId}`;
  const body = { rules: { aliases: { [`alias ${canary}`]: 'demo-model' } } };
  await api.call('PUT', `/api/v1/llm/routing/rules?${query}`, { token, body });
  const versions = await api.call<{ data: { id: string }[] }>(
    'GET',
    `/api/v1/llm/routing/versions?${query}`,
    { token },
  );
  return versions.body.data[0]?.id ?? '';
}

/** Events come from the edges, by way of the worker: no route makes one. */
async function seedUsageEvent(
  api: ApiApp,
  canary: Canary,
  owner: { organization: string; workspace: string; key: string },
): Promise<string> {
  const requestId = newId('request');
  const now = new Date();
  await api.database.transactions.run('platform', (manager) =>
    manager.insert(UsageEventEntity, {
      requestId,
      organizationId: owner.organization,
      workspaceId: owner.workspace,
      virtualKeyId: owner.key,
      callType: 'chat_completions',
      modelRequested: `model ${canary}`,
      statusCode: 200,
      complete: true,
      usageSource: 'none',
      edgeId: `edge-${canary}`,
      startedAt: now,
      endedAt: now,
    }),
  );
  return requestId;
}

function resourceOfParameter(route: ApiRoute, parameter: string): ResourceName {
  const segments = route.path.split('/');
  const at = segments.indexOf(`{${parameter}}`);
  const resource =
    resourceOfSegment[segments.slice(at - 2, at).join('/')] ?? resourceOfSegment[segments[at - 1] ?? ''];
  if (!resource) throw new Error(`${route.title}: teach seeded-world.ts what {${parameter}} is`);
  return resource;
}

export function pathResources(route: ApiRoute): ResourceName[] {
  return route.pathParameters.map((parameter) => resourceOfParameter(route, parameter));
}

export function pathWith(route: ApiRoute, ids: Record<ResourceName, string>): string {
  return route.pathParameters.reduce(
    (path, parameter) => path.replace(`{${parameter}}`, ids[resourceOfParameter(route, parameter)]),
    route.path,
  );
}

/** The fields of a body that name a resource, wherever they are at its top. */
export function resourceFields(body: Schema | null): string[] {
  return Object.keys(body?.properties ?? {}).filter((name) => resourceOfField[name] !== undefined);
}
