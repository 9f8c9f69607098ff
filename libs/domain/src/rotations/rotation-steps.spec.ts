import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canCancel,
  canRollBack,
  firstStep,
  firstUndoStep,
  forwardSteps,
  percentOf,
  type RotationPlan,
  rotationSteps,
  stepAfter,
  undoSteps,
} from './rotation-steps';

const plan: fc.Arbitrary<RotationPlan> = fc.oneof(
  fc.record({
    subjectType: fc.constant('credential' as const),
    method: fc.constantFrom('given' as const, 'provider_api' as const),
    revokesOld: fc.boolean(),
  }),
  fc.constant({ subjectType: 'virtual_key', method: 'value', revokesOld: false } as const),
);

describe('the steps of a rotation', () => {
  it('lead to the end from the first one, each once, forward and out', () => {
    fc.assert(
      fc.property(plan, (each) => {
        for (const [first, steps] of [
          [firstStep(each), forwardSteps(each)],
          [firstUndoStep(each), undoSteps(each)],
        ] as const) {
          const taken = [first];
          while (taken.at(-1) !== 'finished' && taken.length < 20) taken.push(stepAfter(each, taken.at(-1)!));
          expect(taken).toEqual(steps);
          expect(new Set(taken).size).toBe(taken.length);
        }
      }),
    );
  });

  it('erase and revoke nothing of the old value before it is retired', () => {
    fc.assert(
      fc.property(plan, (each) => {
        const steps = forwardSteps(each);
        for (const late of ['revoke_at_provider', 'erase'] as const) {
          if (steps.includes(late)) expect(steps.indexOf(late)).toBeGreaterThan(steps.indexOf('retire'));
        }
        // What the provider wants to see to revoke a key is erased last.
        const [revoke, erase] = [steps.indexOf('revoke_at_provider'), steps.indexOf('erase')];
        if (revoke >= 0) expect(revoke).toBeLessThan(erase);
      }),
    );
  });

  it('can be left before the switch in one way, and until the retirement in the other', () => {
    const given = { subjectType: 'credential', method: 'provider_api', revokesOld: true } as const;
    const ways = forwardSteps(given).map((step) => [step, canCancel(step), canRollBack(step)]);
    expect(ways).toEqual([
      ['create_at_provider', true, false],
      ['validate', true, false],
      ['switch', true, false],
      ['watch', false, true],
      ['retire', false, true],
      ['revoke_at_provider', false, false],
      ['erase', false, false],
      ['finished', false, false],
    ]);
  });

  it.each(['README.md', '../../../../docs/rotations.md'])('are explained in %s', (page) => {
    const text = readFileSync(join(__dirname, page), 'utf8');
    expect(rotationSteps.filter((step) => !text.includes(`\`${step}\``))).toEqual([]);
  });

  it('show progress that only grows', () => {
    fc.assert(
      fc.property(plan, (each) => {
        const percents = forwardSteps(each).map((step) => percentOf(each, step));
        expect(percents[0]).toBe(0);
        expect(percents.at(-1)).toBe(100);
        expect([...percents].sort((left, right) => left - right)).toEqual(percents);
      }),
    );
  });
});
