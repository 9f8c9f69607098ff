import fc from 'fast-check';
import { toCreate, toDecimal, toUpdate } from './virtual-key.mapper';

describe('money', () => {
  it('becomes a plain decimal text of the same value', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000_000_000 }).map((units) => units / 1_000);
    fc.assert(
      fc.property(amount, (value) => {
        expect(toDecimal(value)).toMatch(/^\d+(\.\d+)?$/);
        expect(Number(toDecimal(value))).toBe(value);
      }),
    );
  });

  it.each([
    [1e-7, '0.000000100'],
    [1e-9, '0.000000001'],
    [0.1, '0.1'],
    [0, '0'],
  ])('%p is %s', (value, text) => expect(toDecimal(value)).toBe(text));
});

describe('bodies', () => {
  it('tell what was left out from what is null', () => {
    expect(toUpdate({ max_budget: null, rpm_limit: 5 })).toEqual({ maxBudget: null, rpmLimit: 5 });
    expect(toCreate({ workspace_id: 'ws_1' })).toEqual({ workspaceId: 'ws_1' });
  });
});
