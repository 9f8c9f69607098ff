import type { CredentialEntity } from '@signalbox/database';

const remindEveryMs = 7 * 86_400_000;

export type PlanDecision = 'nothing' | 'set_date' | 'start' | 'remind';

/** What a policy asks for now. Reminders come at the date and weekly after it, until the key is replaced. */
export function decidePlan(
  {
    rotateEveryDays,
    nextRotationAt,
    rotationRemindedAt,
  }: Pick<CredentialEntity, 'rotateEveryDays' | 'nextRotationAt' | 'rotationRemindedAt'>,
  canRotate: boolean,
  now: Date,
): PlanDecision {
  if (rotateEveryDays === null) return 'nothing';
  if (nextRotationAt === null) return 'set_date';
  if (nextRotationAt > now) return 'nothing';
  if (canRotate) return 'start';
  const isReminded =
    rotationRemindedAt !== null &&
    rotationRemindedAt >= nextRotationAt &&
    now.getTime() - rotationRemindedAt.getTime() < remindEveryMs;
  return isReminded ? 'nothing' : 'remind';
}
