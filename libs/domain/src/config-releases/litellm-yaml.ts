import { Document, type ScalarTag } from 'yaml';

/**
 * Moves the decimal point by hand: JavaScript writes 0.0000001 as 1e-7, which PyYAML (YAML 1.1) reads as a string, so
 * that a price would silently become a text.
 */
export function decimalText(value: number): string {
  const [mantissa = '', exponentText] = String(value).split('e');
  if (exponentText === undefined) return mantissa;
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}.0`;
}

const plainDecimal: ScalarTag = {
  identify: (value) => typeof value === 'number' && String(value).includes('e'),
  default: true,
  tag: 'tag:yaml.org,2002:float',
  resolve: (text) => Number(text),
  test: /^(?!)$/,
  stringify: ({ value }) => decimalText(value as number),
};

/**
 * YAML that PyYAML reads as it was meant: every string is quoted, since YAML 1.1 would take words such as `on`, `no`
 * or `12:30` for something else.
 */
export function toLitellmYaml(value: unknown, comment: string): string {
  const document = new Document(value, {
    customTags: (tags) => [plainDecimal, ...tags],
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
  });
  document.commentBefore = comment;
  return document.toString({
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  });
}
