import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const longestChain = 32;

/** Without port, zone and brackets, and IPv4 as IPv4; null for what is no address. */
function plainAddress(text: string): string | null {
  const trimmed = text.trim();
  const inner =
    /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(trimmed)?.[1] ?? trimmed;
  const address = inner.split('%', 1)[0] ?? '';
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  return isIP(plain) === 0 ? null : plain.toLowerCase();
}

/** The first four of the eight groups of an IPv6 address. */
function firstGroups(address: string): string {
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  // The last two groups may be written as an IPv4 address.
  const width = back.length + (back.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - width);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}

/** Who is counted as one: an IPv4 address, or the /64 of an IPv6 address, of which one client has all. */
export function addressGroup(address: string): string {
  return isIP(address) === 6 ? `${firstGroups(address)}::/64` : address;
}

/** Where a request comes from. X-Forwarded-For is believed as far as those who wrote it are the operator's own proxies. */
export class ClientAddresses {
  private readonly trusted = new BlockList();

  /** @param trustedProxies addresses and CIDR ranges */
  constructor(trustedProxies: readonly string[]) {
    for (const range of trustedProxies) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.trusted.addAddress(address, family);
      else this.trusted.addSubnet(address, Number(bits), family);
    }
  }

  isTrusted(address: string | undefined): boolean {
    const plain = address === undefined ? null : plainAddress(address);
    return plain !== null && this.trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  }

  /** The nearest hop that is not one of the trusted proxies. */
  of(request: IncomingMessage): string {
    let nearest = plainAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
    if (!this.isTrusted(nearest)) return nearest;
    const header = request.headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').slice(-longestChain);
    for (const hop of hops.reverse()) {
      const address = plainAddress(hop);
      if (address === null) return nearest;
      nearest = address;
      if (!this.isTrusted(address)) return nearest;
    }
    return nearest;
  }
}
