import type { RotationMethod, RotationSubjectType } from '@signalbox/database';

/**
 * The names are stable: they are in the API, in events and in tests. `stage` and `request` are only in events: what is
 * staged is staged together with the step that got the value.
 */
export const rotationSteps = [
  'create_at_provider',
  'validate',
  'switch',
  'watch',
  'retire',
  'revoke_at_provider',
  'erase',
  'discard_at_provider',
  'discard_erase',
  'finished',
] as const;
export type RotationStep = (typeof rotationSteps)[number];

export function isRotationStep(text: string): text is RotationStep {
  return (rotationSteps as readonly string[]).includes(text);
}

/** What decides which steps a rotation has. */
export interface RotationPlan {
  readonly subjectType: RotationSubjectType;
  readonly method: RotationMethod;
  /** The old key is revoked at the provider too. */
  readonly revokesOld: boolean;
}

/**
 * The way forward. The old secret is erased last: it may be what the provider wants to see to revoke it. A key that we
 * had made is a reason to look at the provider in any case: for keys of this rotation that nobody knows of.
 */
export function forwardSteps(plan: RotationPlan): readonly RotationStep[] {
  if (plan.subjectType === 'virtual_key') return ['watch', 'retire', 'finished'];
  const isMade = plan.method === 'provider_api';
  return [
    ...(isMade ? (['create_at_provider'] as const) : []),
    'validate',
    'switch',
    'watch',
    'retire',
    ...(isMade || plan.revokesOld ? (['revoke_at_provider'] as const) : []),
    'erase',
    'finished',
  ];
}

/** The way out, for a new value that is not wanted. The provider first, for the same reason. */
export function undoSteps(plan: RotationPlan): readonly RotationStep[] {
  if (plan.subjectType === 'virtual_key') return ['finished'];
  const isMade = plan.method === 'provider_api';
  return [...(isMade ? (['discard_at_provider'] as const) : []), 'discard_erase', 'finished'];
}

export function stepAfter(plan: RotationPlan, step: RotationStep): RotationStep {
  for (const steps of [forwardSteps(plan), undoSteps(plan)]) {
    const index = steps.indexOf(step);
    if (index >= 0) return steps[index + 1] ?? 'finished';
  }
  return 'finished';
}

export function firstStep(plan: RotationPlan): RotationStep {
  return forwardSteps(plan)[0] ?? 'finished';
}

export function firstUndoStep(plan: RotationPlan): RotationStep {
  return undoSteps(plan)[0] ?? 'finished';
}

const beforeSwitch: ReadonlySet<RotationStep> = new Set(['create_at_provider', 'validate', 'switch']);
const undoable: ReadonlySet<RotationStep> = new Set(['watch', 'retire']);

/** The new value was never used: the rotation can simply be dropped. */
export function canCancel(step: RotationStep): boolean {
  return beforeSwitch.has(step);
}

/** The new value is in use, and the old one still there to go back to. */
export function canRollBack(step: RotationStep): boolean {
  return undoable.has(step);
}

/** Longer than the step takes; should the process die in it, another one goes on after this time. */
export function leaseMsOf(step: RotationStep): number {
  return asksOutside.has(step) ? 60_000 : 15_000;
}

const asksOutside: ReadonlySet<RotationStep> = new Set([
  'create_at_provider',
  'validate',
  'revoke_at_provider',
  'erase',
  'discard_at_provider',
  'discard_erase',
]);

/** How far, of 100, for people. */
export function percentOf(plan: RotationPlan, step: RotationStep): number {
  const steps = forwardSteps(plan).includes(step) ? forwardSteps(plan) : undoSteps(plan);
  return Math.round((100 * steps.indexOf(step)) / (steps.length - 1 || 1));
}
