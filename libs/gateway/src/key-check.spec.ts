import fc from 'fast-check';
import { plainOrganization, plainWorkspace } from '../../../test/support/projection-documents';
import { checkKey, type KeyCheckInput } from './key-check';
import type { KeyDocument } from './projection.documents';
import { unlimited } from './rate-limits';

const nowMs = Date.UTC(2026, 10, 21);

const goodKey: KeyDocument = {
  v: 1,
  key_id: 'key_1',
  organization_id: 'org_1',
  workspace_id: 'ws_1',
  key_alias: 'chat',
  models: [],
  status: 'active',
  expires_at: null,
  ...unlimited,
  max_budget: null,
  budget_duration: null,
  user_id: null,
  service_id: null,
};
const good: KeyCheckInput = {
  key: goodKey,
  workspace: plainWorkspace,
  organization: plainOrganization,
  nowMs,
  model: 'gpt-4o',
};

const instant = fc.date({ min: new Date(nowMs - 1e9), max: new Date(nowMs + 1e9), noInvalidDate: true });
const anyInput: fc.Arbitrary<KeyCheckInput> = fc.record({
  key: fc
    .record({
      status: fc.constantFrom('active' as const, 'blocked' as const, 'revoked' as const, 'deleted' as const),
      expires_at: fc.option(instant.map((date) => date.toISOString())),
      models: fc.constantFrom<string[]>([], ['gpt-4o'], ['other'], ['openai/*']),
      workspace_id: fc.constantFrom('ws_1', 'ws_1', 'ws_1', 'ws_2'),
    })
    .map((part) => Object.assign({}, goodKey, part)),
  workspace: fc.option(
    fc
      .record({
        blocked: fc.boolean(),
        deleted: fc.boolean(),
        models: fc.constantFrom<string[]>([], ['gpt-4o'], ['other']),
        organization_id: fc.constantFrom('org_1', 'org_1', 'org_1', 'org_2'),
      })
      .map((part) => Object.assign({}, plainWorkspace, part)),
  ),
  organization: fc.option(
    fc
      .record({ blocked: fc.boolean(), deleted: fc.boolean() })
      .map((part) => Object.assign({}, plainOrganization, part)),
  ),
  nowMs: fc.constant(nowMs),
  model: fc.constantFrom(null, 'gpt-4o', 'openai/gpt-4o'),
});

describe('the check of a key', () => {
  it('lets a good key through', () => {
    expect(checkKey(good)).toEqual({ allowed: true });
    expect(checkKey({ ...good, model: null })).toEqual({ allowed: true });
  });

  it.each<[string, Partial<KeyDocument>, string]>([
    ['deleted', { status: 'deleted' }, 'key_deleted'],
    ['revoked', { status: 'revoked' }, 'key_revoked'],
    ['blocked', { status: 'blocked' }, 'key_blocked'],
    ['expired', { expires_at: new Date(nowMs - 1).toISOString() }, 'key_expired'],
    ['expiring now', { expires_at: new Date(nowMs).toISOString() }, 'key_expired'],
    ['with an unreadable expiry', { expires_at: 'soon' }, 'key_expired'],
    ['without the model', { models: ['other'] }, 'model_not_allowed'],
    ['of another workspace', { workspace_id: 'ws_2' }, 'policy_unavailable'],
    ['with a status of the future', { status: 'paused' as 'active' }, 'policy_unavailable'],
  ])('refuses a key %s', (_name, change, code) => {
    expect(checkKey({ ...good, key: { ...goodKey, ...change } })).toEqual({ allowed: false, code });
  });

  it.each<[string, Partial<KeyCheckInput>, string]>([
    ['without its workspace', { workspace: null }, 'policy_unavailable'],
    ['without its organization', { organization: null }, 'policy_unavailable'],
    ['of a blocked workspace', { workspace: { ...plainWorkspace, blocked: true } }, 'workspace_blocked'],
    ['of a deleted workspace', { workspace: { ...plainWorkspace, deleted: true } }, 'workspace_deleted'],
    [
      'of a blocked organization',
      { organization: { ...plainOrganization, blocked: true } },
      'organization_blocked',
    ],
    [
      'of a deleted organization',
      { organization: { ...plainOrganization, deleted: true } },
      'organization_deleted',
    ],
    [
      'whose workspace lacks the model',
      { workspace: { ...plainWorkspace, models: ['x'] } },
      'model_not_allowed',
    ],
  ])('refuses a key %s', (_name, change, code) => {
    expect(checkKey({ ...good, ...change })).toEqual({ allowed: false, code });
  });

  it('never allows what any level forbids', () => {
    let allowedCount = 0;
    fc.assert(
      fc.property(anyInput, (input) => {
        const { key, workspace, organization } = input;
        const isForbidden =
          key.status !== 'active' ||
          (key.expires_at !== null && Date.parse(key.expires_at) <= nowMs) ||
          !workspace ||
          workspace.blocked ||
          workspace.deleted ||
          !organization ||
          organization.blocked ||
          organization.deleted ||
          key.workspace_id !== workspace.id ||
          workspace.organization_id !== organization.id;
        const verdict = checkKey(input);
        if (isForbidden) expect(verdict.allowed).toBe(false);
        allowedCount += verdict.allowed ? 1 : 0;
      }),
      { numRuns: 5_000 },
    );
    expect(allowedCount).toBeGreaterThan(0);
  });
});
