import fc from 'fast-check';
import { unknownFacts } from './model-facts';
import {
  parseProjectionChange,
  parseProjectionDocument,
  parseProjectionField,
  projectionField,
  readProjectionDocument,
} from './projection.documents';
import { unlimited } from './rate-limits';

const limits = { ...unlimited, rpm_limit: 10, tpd_limit: 1_000_000 };
const key = {
  v: 3,
  key_id: 'key_1',
  organization_id: 'org_1',
  workspace_id: 'ws_1',
  key_alias: 'chat',
  models: ['gpt-4o', 'openai/*'],
  status: 'active',
  expires_at: '2026-11-21T10:00:00.000Z',
  ...limits,
  max_budget: '12.50',
  budget_duration: '30d',
  user_id: 'anna@example.com',
  service_id: 'svc_1',
};
const policy = { credential_policy: 'byok_only', platform_fallback: true };
const documents = {
  key,
  workspace: {
    v: 1,
    id: 'ws_1',
    organization_id: 'org_1',
    models: [],
    blocked: false,
    deleted: false,
    ...policy,
    ...limits,
    routing: { cascades: { smart: ['cheap'] }, offline_seconds: 60 },
  },
  service: { v: 1, id: 'svc_1', organization_id: 'org_1', name: 'helpdesk', deleted: false, ...limits },
  credentials: {
    v: 4,
    owner_key: 'org_1/anna@example.com',
    credentials: [{ id: 'cred_1', provider_id: 'prov_1', state: 'exhausted', expires_at: null }],
  },
  organization: {
    v: 1,
    id: 'org_1',
    blocked: false,
    deleted: false,
    platform_credentials: false,
    ...limits,
    routing: { power_level: 'eco', levels: { eco: { models: ['cheap'] } } },
  },
  settings: { v: 3, routing: { no_training: true } },
  facts: { v: 8, deployments: { dep_1: { ...unknownFacts, context_length: 128_000, tools: true } } },
  catalogue: {
    v: 1,
    release_id: 'rel_1',
    release_number: 1,
    models: [
      {
        name: 'demo',
        mode: 'chat',
        deployment_ids: ['dep_1'],
        deployments: [
          {
            id: 'dep_1',
            provider_id: 'prov_1',
            provider_kind: 'openai',
            needs_key: true,
            credential_id: 'cred_1',
            weight: 0.5,
            order: 1,
            upstream_model: 'gpt-4o',
            base_url: 'https://api.openai.com/v1',
          },
        ],
        openrouter_id: 'openai/gpt-4o',
      },
    ],
  },
};

describe('documents of the projection', () => {
  it.each(Object.entries(documents))('%s: read as written', (kind, document) => {
    expect(parseProjectionDocument(kind as 'key', JSON.stringify(document))).toEqual(document);
  });

  it('may have fields of a newer writer', () => {
    expect(readProjectionDocument('key', { ...key, tier: 'pro' })).toEqual(key);
  });

  it('of an older writer are read as before there were provider keys of tenants', () => {
    const { user_id: _user, ...oldKey } = key;
    expect(readProjectionDocument('key', oldKey)).toEqual({ ...key, user_id: null });
    const { credential_policy: _policy, platform_fallback: _fallback, ...oldWorkspace } = documents.workspace;
    expect(readProjectionDocument('workspace', oldWorkspace)).toMatchObject({
      credential_policy: 'byok_then_platform',
      platform_fallback: false,
    });
    const { routing: _routing, ...unrouted } = documents.workspace;
    expect(readProjectionDocument('workspace', unrouted)).toMatchObject({ routing: {} });
    const models = [{ name: 'demo', mode: 'chat', deployment_ids: ['dep_1'] }];
    expect(readProjectionDocument('catalogue', { ...documents.catalogue, models })).toMatchObject({
      models: [{ deployments: [] }],
    });
  });

  it('lose no more of the routing, and of the facts, than what cannot be read', () => {
    const routing = { attempt_limit: 'many', power_level: 'eco', no_training: 'perhaps' };
    for (const kind of ['workspace', 'organization', 'settings'] as const)
      expect(readProjectionDocument(kind, { ...documents[kind], routing })?.routing).toEqual({
        power_level: 'eco',
        no_training: true,
      });
    const deployments = { ...documents.facts.deployments, dep_2: { context_length: 'long' } };
    expect(readProjectionDocument('facts', { v: 8, deployments })).toEqual(documents.facts);
  });

  it('credentials in a state that this edge does not know are refused, and with them the document', () => {
    const credentials = [{ ...documents.credentials.credentials[0], state: 'perhaps' }];
    expect(readProjectionDocument('credentials', { ...documents.credentials, credentials })).toBeNull();
  });

  it.each([
    ['status', 'paused'],
    ['status', undefined],
    ['models', null],
    ['models', 'gpt-4o'],
    ['models', [1]],
    ['models', ['']],
    ['expires_at', 'tomorrow'],
    ['expires_at', 1732175000],
    ['v', '3'],
    ['v', -1],
    ['v', 1.5],
    ['rpm_limit', -1],
    ['max_budget', 12.5],
    ['max_budget', '1e9'],
    ['workspace_id', ''],
    ['organization_id', undefined],
  ])('key with %s = %p: refused', (field, value) => {
    expect(readProjectionDocument('key', { ...key, [field]: value })).toBeNull();
  });

  it.each([
    ['workspace', 'blocked', 'no'],
    ['workspace', 'deleted', undefined],
    ['workspace', 'models', undefined],
    ['organization', 'blocked', 0],
    ['organization', 'deleted', null],
    ['catalogue', 'models', {}],
  ] as const)('%s with %s = %p: refused', (kind, field, value) => {
    expect(readProjectionDocument(kind, { ...documents[kind], [field]: value })).toBeNull();
  });

  it('never throw on any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseProjectionDocument('key', text)).toBeNull();
        parseProjectionChange(text);
        parseProjectionField(text);
      }),
    );
  });
});

describe('fields of the projection', () => {
  it('name a kind and an id', () => {
    expect(parseProjectionField(projectionField('key', 'abc'))).toEqual({ kind: 'key', id: 'abc' });
    expect(parseProjectionField('catalogue:current')).toEqual({ kind: 'catalogue', id: 'current' });
  });

  it.each(['', 'key', 'key:', ':x', 'user:1', 'constructor:1', '__proto__:1'])('%p is none', (field) => {
    expect(parseProjectionField(field)).toBeNull();
  });
});

describe('messages of the projection', () => {
  const message = { epoch: 'e1', seq: 7, kind: 'key', id: 'abc', document: key };

  it('carry the document', () => {
    expect(parseProjectionChange(JSON.stringify(message))).toEqual({
      kind: 'document',
      epoch: 'e1',
      seq: 7,
      field: { kind: 'key', id: 'abc' },
      document: key,
    });
  });

  it('may ask for a reload', () => {
    expect(parseProjectionChange('{"epoch":"e1","seq":8,"kind":"reload"}')).toEqual({ kind: 'reload' });
  });

  it.each([
    '',
    'x',
    '[]',
    '{}',
    '{"epoch":"e1","seq":1,"kind":"user","id":"1"}',
    '{"epoch":"e1","seq":-1,"kind":"key","id":"1"}',
  ])('%p makes no sense', (text) => expect(parseProjectionChange(text)).toBeNull());
});
