import { CredentialEntity } from '@signalbox/database';
import { awaitCheck, disabledByRequest, followSettings, switchOff } from './credential-state';

const now = new Date('2026-11-21T08:00:00Z');
const past = new Date('2026-11-21T07:59:59Z');
const future = new Date('2026-11-22T08:00:00Z');

function verified(changes: Partial<CredentialEntity> = {}): CredentialEntity {
  return Object.assign(new CredentialEntity(), {
    source: 'api',
    enabled: true,
    state: 'verified',
    stateReason: null,
    stateDetail: null,
    stateSince: past,
    nextCheckAt: future,
    checkFailures: 2,
    refusedAt: past,
    expiresAt: null,
    ...changes,
  });
}

it('waits for a check at once when it is new or different', () => {
  const credential = verified();
  awaitCheck(credential, now);
  expect(credential).toMatchObject({
    state: 'pending',
    enabled: true,
    stateSince: now,
    nextCheckAt: now,
    checkFailures: 0,
    refusedAt: null,
  });
});

it('is not checked when its time is over, or when only LiteLLM has it', () => {
  const expired = verified({ expiresAt: now });
  awaitCheck(expired, now);
  expect(expired).toMatchObject({ state: 'expired', stateReason: 'expires_at_passed', nextCheckAt: null });
  const ofEnvironment = verified({ source: 'env' });
  awaitCheck(ofEnvironment, now);
  expect(ofEnvironment).toMatchObject({ state: 'unverified', stateReason: 'environment', nextCheckAt: null });
});

it('is disabled exactly when its state says so', () => {
  const credential = verified();
  switchOff(credential, disabledByRequest, now);
  expect(credential).toMatchObject({ state: 'disabled', enabled: false, nextCheckAt: null });
});

describe('after a change of the settings', () => {
  it.each([
    ['a name', verified(), ['name'], undefined, 'verified'],
    ['another address', verified(), ['baseUrl'], undefined, 'pending'],
    ['an end that is past', verified({ expiresAt: past }), ['expiresAt'], undefined, 'expired'],
    ['an end that is to come', verified({ expiresAt: future }), ['expiresAt'], undefined, 'verified'],
    ['a later end', verified({ state: 'expired', expiresAt: future }), ['expiresAt'], undefined, 'pending'],
    ['no end', verified({ state: 'expired', expiresAt: null }), ['expiresAt'], undefined, 'pending'],
    ['disabling', verified(), [], false, 'disabled'],
    ['disabling with an address', verified(), ['baseUrl'], false, 'disabled'],
    ['enabling', verified({ enabled: false, state: 'disabled' }), [], true, 'pending'],
    [
      'enabling past its end',
      verified({ enabled: false, state: 'disabled', expiresAt: past }),
      [],
      true,
      'expired',
    ],
    [
      'a new address while disabled',
      verified({ enabled: false, state: 'disabled' }),
      ['baseUrl'],
      undefined,
      'disabled',
    ],
  ] as const)('%s leads to the right state', (_what, credential, changed, enabled, expected) => {
    followSettings(credential, changed, enabled, now);
    expect(credential.state).toBe(expected);
    expect(credential.enabled).toBe(expected !== 'disabled');
  });
});
