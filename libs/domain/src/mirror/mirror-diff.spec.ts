import type { KeySettings, LitellmKey } from '@signalbox/litellm-client';
import fc from 'fast-check';
import type { DesiredKey } from './desired-state';
import { diffKey, diffTeam, durationUntil, keySettings, teamSettings } from './mirror-diff';

const now = new Date('2026-01-01T00:00:00.000Z');
const mark = { key_id: 'key_1', secret_id: 'ksec_1', organization_id: 'org_1', workspace_id: 'ws_1' };
const models = fc.array(fc.constantFrom('a', 'b', 'c/*'), { maxLength: 3 });
const number = fc.option(fc.nat(1_000));
const date = fc.option(
  fc.date({ min: new Date('2025-06-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
);

const desired: fc.Arbitrary<DesiredKey> = fc.record({
  hash: fc.constant('h'),
  alias: fc.constantFrom('x [ksec_1]', 'y [ksec_1]'),
  teamId: fc.constantFrom('ws_1', 'ws_2'),
  models,
  maxBudget: fc.option(fc.double({ min: 0, max: 1_000, noNaN: true })),
  budgetDuration: fc.option(fc.constantFrom('30d', '1h')),
  rpmLimit: number,
  tpmLimit: number,
  maxParallelRequests: number,
  blocked: fc.boolean(),
  expiresAt: date,
  mark: fc.constant(mark),
});

const actual: fc.Arbitrary<LitellmKey> = fc.record({
  token: fc.constant('h'),
  key_alias: fc.option(fc.constantFrom('x [ksec_1]', 'z')),
  team_id: fc.option(fc.constantFrom('ws_1', 'ws_3')),
  models,
  max_budget: fc.option(fc.double({ min: 0, max: 1_000, noNaN: true })),
  budget_duration: fc.option(fc.constantFrom('30d', '7d')),
  rpm_limit: number,
  tpm_limit: number,
  max_parallel_requests: number,
  blocked: fc.boolean(),
  expires: date,
  metadata: fc.constantFrom({ signalbox: null }, { signalbox: mark }, { signalbox: { key_id: 'key_2' } }),
});

/** What /key/update makes of a key: the given fields change, a duration counts from now. */
function updated(key: LitellmKey, { duration, ...settings }: KeySettings): LitellmKey {
  const seconds = duration ? Number(duration.slice(0, -1)) : 0;
  const expires = duration ? new Date(now.getTime() + seconds * 1_000) : null;
  return { ...key, ...settings, ...(duration === undefined ? {} : { expires }) };
}

describe('the difference of a key', () => {
  it('brings LiteLLM to the desired state when it is sent, whatever was there', () => {
    fc.assert(
      fc.property(desired, actual, (wanted, known) => {
        const difference = diffKey(wanted, known, now);
        const after = difference ? updated(known, difference) : known;
        expect(diffKey(wanted, after, now)).toBeNull();
      }),
    );
  });

  it('is nothing for a key that was made with all settings', () => {
    fc.assert(
      fc.property(desired, actual, (wanted, known) => {
        expect(diffKey(wanted, updated(known, keySettings(wanted, now)), now)).toBeNull();
      }),
    );
  });

  it('never repeats a budget period that is right already', () => {
    fc.assert(
      fc.property(desired, actual, (wanted, known) => {
        const difference = diffKey(wanted, { ...known, budget_duration: wanted.budgetDuration }, now);
        expect(difference ?? {}).not.toHaveProperty('budget_duration');
      }),
    );
  });
});

describe('durations', () => {
  it('are whole seconds, at least one, that reach the date', () => {
    fc.assert(
      fc.property(date, (expiresAt) => {
        const text = durationUntil(expiresAt, now);
        if (!expiresAt) return expect(text).toBeNull();
        expect(text).toMatch(/^[1-9]\d*s$/);
        const endMs = now.getTime() + Number(text!.slice(0, -1)) * 1_000;
        expect(endMs).toBeGreaterThanOrEqual(expiresAt.getTime());
      }),
    );
  });
});

describe('the difference of a team', () => {
  const team = { teamId: 'ws_1', alias: 'main [ws_1]', models: ['b', 'a'], blocked: false, mark };

  it('is nothing for a team that was made with all settings, in whatever order LiteLLM lists them', () => {
    const made = { ...teamSettings(team), team_id: 'ws_1', models: ['a', 'b'] };
    expect(
      diffTeam(team, { team_alias: null, blocked: false, metadata: { signalbox: mark }, ...made }),
    ).toBeNull();
  });

  it('names just what differs', () => {
    const known = {
      team_id: 'ws_1',
      team_alias: 'renamed',
      models: ['a', 'b'],
      blocked: true,
      metadata: { signalbox: mark },
    };
    expect(diffTeam(team, known)).toEqual({ team_alias: 'main [ws_1]', blocked: false });
  });
});
