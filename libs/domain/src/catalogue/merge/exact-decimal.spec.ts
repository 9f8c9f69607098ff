import fc from 'fast-check';
import { compareDecimals, decimalText, differsByFactor } from './exact-decimal';

describe('exact decimals', () => {
  it.each([
    ['0.0000025', '0.0000025'],
    ['2.5e-06', '0.0000025'],
    ['1.5E-7', '0.00000015'],
    ['0.000002500', '0.0000025'],
    ['0.0', '0'],
    ['-0', '0'],
    ['-1', '-1'],
    ['007', '7'],
    ['3e2', '300'],
    [2, '2'],
    [2.5e-7, '0.00000025'],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827'],
  ])('writes %s as %s', (given, expected) => {
    expect(decimalText(given)).toBe(expected);
  });

  it.each([
    '',
    ' 1',
    '1 ',
    '.5',
    '1.',
    '1,5',
    'NaN',
    'Infinity',
    '1e999',
    '0x10',
    '1'.repeat(90),
    null,
    {},
    true,
    Number.NaN,
  ])('takes %p for no number', (given) => {
    expect(decimalText(given)).toBeNull();
  });

  /** Units of 1e-12, so that integers can check what texts say. */
  const picoUnits = fc.bigInt(-(10n ** 15n), 10n ** 15n);
  const textOf = (units: bigint): string => {
    const digits = (units < 0n ? -units : units).toString().padStart(13, '0');
    return `${units < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
  };

  it('compares like integers do', () => {
    fc.assert(
      fc.property(picoUnits, picoUnits, (left, right) => {
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(compareDecimals(textOf(left), textOf(right))).toBe(expected);
      }),
    );
  });

  it('has one text for each number, however it was written', () => {
    fc.assert(
      fc.property(picoUnits, fc.integer({ min: 0, max: 12 }), (units, zeros) => {
        const text = decimalText(textOf(units));
        expect(decimalText(`${textOf(units)}${'0'.repeat(zeros)}`)).toBe(text);
        expect(decimalText(`${units}e-12`)).toBe(text);
        expect(decimalText(text)).toBe(text);
      }),
    );
  });

  it('finds a factor of ten exactly at ten', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 12n), (units) => {
        expect(differsByFactor(textOf(units), textOf(units * 10n), 10n)).toBe(true);
        expect(differsByFactor(textOf(units * 10n), textOf(units), 10n)).toBe(true);
        expect(differsByFactor(textOf(units), textOf(units * 10n - 1n), 10n)).toBe(false);
      }),
    );
  });
});
