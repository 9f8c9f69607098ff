import type { DriftState } from './drift-report';
import { type ComparedReleases, judgeDrift, type Seen } from './judge-drift';

const active = { id: 'rel_2', number: 2, deploymentIds: ['dep_a', 'dep_b'] };
const applying = { id: 'rel_3', number: 3, deploymentIds: ['dep_c'] };
const released: ComparedReleases = { active, applying: null };
const seen = (releaseId: string | null, ...deploymentIds: string[]): Seen => ({
  isReachable: true,
  releaseId,
  deploymentIds,
});
const away: Seen = { isReachable: false, reason: 'the runner does not answer' };

const cases: [string, ComparedReleases, Seen, DriftState][] = [
  ['the active release with its deployments', released, seen('rel_2', 'dep_b', 'dep_a'), 'in_sync'],
  ['a wildcard deployment shown many times', released, seen('rel_2', 'dep_b', 'dep_a', 'dep_b'), 'in_sync'],
  ['a missing deployment', released, seen('rel_2', 'dep_a'), 'different_deployments'],
  ['a deployment too many', released, seen('rel_2', 'dep_a', 'dep_b', 'dep_x'), 'different_deployments'],
  ['an older release', released, seen('rel_1', 'dep_a', 'dep_b'), 'other_release'],
  ['an unknown release', released, seen(null), 'other_release'],
  ['nobody', released, away, 'unreachable'],
  ['anything while a release is applied', { active, applying }, seen('rel_1'), 'releasing'],
  ['nobody while the first release is applied', { active: null, applying }, away, 'releasing'],
  ['nothing released yet', { active: null, applying: null }, seen(null), 'no_release'],
];

it.each(cases)('judges %s', (_name, releases, litellm, state) => {
  expect(judgeDrift(releases, litellm).state).toBe(state);
});

it('names what is missing and what is too many', () => {
  expect(judgeDrift(released, seen('rel_2', 'dep_a', 'dep_x'))).toMatchObject({
    missing: ['dep_b'],
    unexpected: ['dep_x'],
    activeReleaseId: 'rel_2',
    runningReleaseId: 'rel_2',
  });
});

it('says why LiteLLM could not be seen', () => {
  expect(judgeDrift(released, away).detail).toBe('the runner does not answer');
});
