import { VirtualKeyEntity } from '@signalbox/database';
import { desiredKey, desiredTeam } from './desired-state';

const now = new Date('2026-01-01T00:00:00.000Z');
const past = new Date('2025-01-01T00:00:00.000Z');
const future = new Date('2027-01-01T00:00:00.000Z');
const workspace = {
  id: 'ws_1',
  name: 'main',
  organizationId: 'org_1',
  models: ['a'],
  blocked: false,
  deletedAt: null,
};
const organization = { blocked: false, deletedAt: null };
const team = desiredTeam(workspace, organization);
const secret = { id: 'ksec_1', keyHash: 'h', validUntil: null };

function keyWith(fields: Partial<VirtualKeyEntity> = {}): VirtualKeyEntity {
  const base = { id: 'key_1', keyAlias: 'bot', models: [], maxBudget: '0.100000000', expiresAt: null };
  return Object.assign(new VirtualKeyEntity(), {
    ...base,
    organizationId: 'org_1',
    workspaceId: 'ws_1',
    blocked: false,
    revokedAt: null,
    deletedAt: null,
    ...fields,
  });
}

describe('what LiteLLM should have', () => {
  it('of a workspace: a team, blocked with its organization, gone with either', () => {
    expect(team).toMatchObject({ teamId: 'ws_1', alias: 'main [ws_1]', models: ['a'], blocked: false });
    expect(desiredTeam(workspace, { ...organization, blocked: true })).toMatchObject({ blocked: true });
    expect(desiredTeam({ ...workspace, deletedAt: past }, organization)).toBeNull();
    expect(desiredTeam(workspace, { ...organization, deletedAt: past })).toBeNull();
  });

  it('of a key: its settings, under an alias that no other value has', () => {
    expect(desiredKey(keyWith(), secret, team, now)).toMatchObject({
      hash: 'h',
      alias: 'bot [ksec_1]',
      teamId: 'ws_1',
      maxBudget: 0.1,
      expiresAt: null,
      mark: { key_id: 'key_1', secret_id: 'ksec_1', workspace_id: 'ws_1', organization_id: 'org_1' },
    });
    expect(desiredKey(keyWith({ keyAlias: null }), secret, team, now)).toMatchObject({ alias: '[ksec_1]' });
  });

  it('of an expired key: still the key, since a new duration brings it back', () => {
    expect(desiredKey(keyWith({ expiresAt: past }), secret, team, now)).toMatchObject({ expiresAt: past });
  });

  it('of a value in its overlap: the earlier end', () => {
    const rotated = { ...secret, validUntil: future };
    expect(desiredKey(keyWith(), rotated, team, now)).toMatchObject({ expiresAt: future });
  });

  it.each<[string, Partial<VirtualKeyEntity>, Partial<typeof secret> | { validUntil: Date }]>([
    ['revoked', { revokedAt: past }, {}],
    ['deleted', { deletedAt: past }, {}],
    ['rotated away', {}, { validUntil: past }],
  ])('of a value that is %s: nothing', (_what, fields, more) => {
    expect(desiredKey(keyWith(fields), { ...secret, ...more }, team, now)).toBeNull();
  });

  it('of a key whose workspace is gone: nothing', () => {
    expect(desiredKey(keyWith(), secret, null, now)).toBeNull();
  });
});
