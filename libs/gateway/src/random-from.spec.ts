import { randomFrom } from './random-from';

it('begins with the draw, and is the same again', () => {
  const numbers = (draw: number): number[] => {
    const random = randomFrom(draw);
    return Array.from({ length: 1_000 }, () => random());
  };
  expect(numbers(0.25)[0]).toBe(0.25);
  expect(numbers(0.25)).toEqual(numbers(0.25));
  const [, ...rest] = numbers(0);
  expect(rest.every((one) => one >= 0 && one < 1)).toBe(true);
  const mean = rest.reduce((sum, one) => sum + one, 0) / rest.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});
