import { isIPv4, isIPv6 } from 'node:net';

/** 4 or 16 bytes. */
export type AddressBytes = readonly number[];

function parseIpv4(text: string): number[] {
  return text.split('.').map(Number);
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = parseIpv4(group);
    return [a * 256 + b, c * 256 + d];
  });
}

function parseIpv6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<number>(zeros).fill(0), ...right];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

/** @returns null for anything but one address in its usual spelling, without a zone (`%eth0`) */
export function parseAddress(text: string): AddressBytes | null {
  if (isIPv4(text)) return parseIpv4(text);
  return isIPv6(text) && !text.includes('%') ? parseIpv6(text) : null;
}

export interface AddressRange {
  readonly bytes: AddressBytes;
  readonly prefixLength: number;
}

/** @returns null when it is no range in CIDR form */
export function parseRange(text: string): AddressRange | null {
  const [address = '', length = '', ...more] = text.split('/');
  const bytes = parseAddress(address);
  if (!bytes || more.length > 0 || !/^\d{1,3}$/.test(length)) return null;
  const prefixLength = Number(length);
  return prefixLength <= bytes.length * 8 ? { bytes, prefixLength } : null;
}

export function isInRange(address: AddressBytes, { bytes, prefixLength }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, index) => {
    const bits = Math.min(Math.max(prefixLength - index * 8, 0), 8);
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}
