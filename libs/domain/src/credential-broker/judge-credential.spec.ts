import { credentialStates } from '@signalbox/database';
import { problemOf } from './judge-credential';
import type { LeasableCredential } from './lease.repository';

const now = new Date('2026-01-01T00:00:00.000Z');
const good: LeasableCredential = {
  id: 'cred_1',
  organizationId: 'org_1',
  ownerKey: 'org_1',
  ownerType: 'organization',
  purpose: 'inference',
  state: 'verified',
  enabled: true,
  reference: null,
  baseUrl: null,
  providerKind: 'openai',
  fingerprint: 'ab',
  expiresAt: null,
  deletedAt: null,
  version: {
    id: 'cver_1',
    organizationId: 'org_1',
    secretStore: 'sealed',
    secretName: 'OPENAI__1',
    fingerprint: 'ab',
    erasedAt: null,
  },
};

describe('whether a credential may be handed out', () => {
  it.each(credentialStates)('in state %s', (state) => {
    const isUsable = ['pending', 'verified', 'unverified', 'exhausted'].includes(state);
    expect(problemOf({ ...good, state }, now) === null).toBe(isUsable);
  });

  it.each<[string, Partial<LeasableCredential>]>([
    ['deleted', { deletedAt: now }],
    ['disabled', { enabled: false }],
    ['of the kind that manages keys', { purpose: 'admin' }],
    ['at its end', { expiresAt: now }],
    ['without a version', { version: null }],
    ['with an erased value', { version: { ...good.version!, erasedAt: now } }],
  ])('not %s', (_what, change) => {
    expect(problemOf({ ...good, ...change }, now)).toEqual(expect.any(String));
  });

  it.each<[string, Partial<LeasableCredential>]>([
    ['before its end', { expiresAt: new Date(now.getTime() + 1) }],
    ['a variable of the environment needs no version', { reference: 'env:OPENAI_API_KEY', version: null }],
  ])('yes: %s', (_what, change) => {
    expect(problemOf({ ...good, ...change }, now)).toBeNull();
  });
});
