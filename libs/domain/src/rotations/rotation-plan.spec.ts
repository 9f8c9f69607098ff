import { decidePlan } from './rotation-plan';

const now = new Date('2026-03-01T00:00:00.000Z');
const days = (count: number): Date => new Date(now.getTime() + count * 86_400_000);

describe('a policy', () => {
  it.each([
    ['nothing', null, days(-1), null],
    ['set_date', 30, null, null],
    ['nothing', 30, days(1), null],
    ['remind', 30, days(0), null],
    ['remind', 30, days(-1), days(-2)],
    ['nothing', 30, days(-1), days(-1)],
    ['nothing', 30, days(-9), days(-6)],
    ['remind', 30, days(-9), days(-7)],
  ])('says %s: every %p days, due %p, reminded %p', (decision, every, due, reminded) => {
    const policy = { rotateEveryDays: every, nextRotationAt: due, rotationRemindedAt: reminded };
    expect(decidePlan(policy, false, now)).toBe(decision);
  });

  it('rotates where the provider makes keys by API', () => {
    const policy = { rotateEveryDays: 30, nextRotationAt: days(0), rotationRemindedAt: days(0) };
    expect(decidePlan(policy, true, now)).toBe('start');
    expect(decidePlan({ ...policy, nextRotationAt: days(1) }, true, now)).toBe('nothing');
  });
});
