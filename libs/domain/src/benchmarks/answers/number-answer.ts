/** Digits with whatever people put between them: 1,234,567.5 or 1.234.567,5 or 1 234 567 or 1'234'567. */
const numeral = /(?<![\p{L}\d])[-−]?\d+(?:[.,'’_]\d+| \d{3}(?!\d))*/gu;
const separators = /['’_ ]/g;
const grouped = /^\d{1,3}(?:[.,]\d{3})+$/;

/** The last number of the text is the right one; where its marks may be read in two ways, either reading counts. */
export function isNumberAnswer(text: string, value: string): boolean {
  const last = [...text.normalize('NFKC').matchAll(numeral)].at(-1)?.[0];
  if (last === undefined) return false;
  const afterBlank = last.slice(last.lastIndexOf(' ') + 1);
  return [...readingsOf(last), ...readingsOf(afterBlank)].includes(canonical(value));
}

function readingsOf(written: string): string[] {
  const isNegative = /^[-−]/.test(written);
  const digits = written.replace(/^[-−]/, '').replaceAll(separators, '');
  const points = digits.replaceAll(/[^.]/g, '').length;
  const commas = digits.replaceAll(/[^,]/g, '').length;
  const readings: string[] = [];
  if (points + commas === 0) readings.push(digits);
  if (grouped.test(digits) && (points === 0 || commas === 0)) readings.push(digits.replaceAll(/[.,]/g, ''));
  if (points === 1 && isGroupedBy(',', digits)) readings.push(digits.replaceAll(',', ''));
  if (commas === 1 && isGroupedBy('.', digits)) readings.push(digits.replaceAll('.', '').replace(',', '.'));
  return readings.map((reading) => canonical(isNegative ? `-${reading}` : reading));
}

/** Before the decimal mark there are groups of three, or no groups. */
function isGroupedBy(separator: ',' | '.', digits: string): boolean {
  const mark = separator === ',' ? '.' : ',';
  const [whole = '', fraction = ''] = digits.split(mark);
  if (fraction.includes(separator)) return false;
  return !whole.includes(separator) || grouped.test(whole);
}

/** By hand: a pattern for them would start anew at each one of many zeros that are not at the end. */
function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** Without zeros that say nothing, as text: no float comes in between. */
function canonical(decimal: string): string {
  const isNegative = decimal.startsWith('-');
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  const digits = whole.replace(/^0+(?=\d)/, '');
  const rest = withoutEndingZeros(fraction);
  const plain = rest === '' ? digits : `${digits}.${rest}`;
  return isNegative && plain !== '0' ? `-${plain}` : plain;
}
