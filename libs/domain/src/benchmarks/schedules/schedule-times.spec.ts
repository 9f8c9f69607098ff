import { nextRunAt } from './schedule-times';

const at = (text: string) => new Date(`2031-03-${text}Z`);

it.each([
  ['daily', '01T03:00:00', '01T03:00:05', '02T03:00:00'],
  ['weekly', '01T03:00:00', '01T03:00:05', '08T03:00:00'],
  ['daily', '01T03:00:00', '04T09:00:00', '05T03:00:00'],
  ['daily', '01T03:00:00', '02T03:00:00', '03T03:00:00'],
  ['weekly', '10T03:00:00', '01T00:00:00', '17T03:00:00'],
] as const)('%s after %s, seen at %s, is due at %s', (every, last, now, next) => {
  expect(nextRunAt(every, at(last), at(now))).toEqual(at(next));
});
