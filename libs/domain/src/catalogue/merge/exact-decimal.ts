/** Units over ten to the power of `scale`. Prices are never floats: 0.1 + 0.2 of a dollar is 0.3 here. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const form = /^(-?)(\d{1,40})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,2}))?$/;
/** Longer ones are nobody's price. */
const maxChars = 80;

function parse(text: string): Decimal | null {
  const parts = text.length > maxChars ? null : form.exec(text);
  if (!parts) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const units = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

function known(text: string): Decimal {
  const decimal = parse(text);
  if (!decimal) throw new Error('not a decimal');
  return decimal;
}

/**
 * The one way to write a number: no exponent, no needless zeros, so that equal prices are equal texts.
 * @returns null for what is no decimal
 */
export function decimalText(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  const decimal = typeof text === 'string' ? parse(text) : null;
  if (!decimal) return null;
  const { units, scale } = decimal;
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? '' : digits.slice(-scale).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Below zero: `left` is smaller; both are decimals. */
export function compareDecimals(left: string, right: string): number {
  const [a, b] = [known(left), known(right)];
  const scale = Math.max(a.scale, b.scale);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function scaled({ units, scale }: Decimal, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

/** Whether the larger one of two positive decimals is so many times the smaller, or more. */
export function differsByFactor(left: string, right: string, factor: bigint): boolean {
  const [a, b] = [known(left), known(right)];
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [scaled(a, scale), scaled(b, scale)];
  return x >= y * factor || y >= x * factor;
}
