import { type AddressBytes, type AddressRange, isInRange, parseAddress, parseRange } from './ip-address';

function ranges(...texts: string[]): AddressRange[] {
  return texts.map((text) => {
    const range = parseRange(text);
    if (!range) throw new Error(`${text} is no range of addresses`);
    return range;
  });
}

/** IANA's special-purpose registry for IPv4, as far as an address of it is not a host of the public internet. */
const forbiddenIpv4 = ranges(
  '0.0.0.0/8', // "this network"; 0.0.0.0 reaches the machine itself
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT; clouds put metadata services here (100.100.100.200)
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, with the metadata service 169.254.169.254
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments, with a metadata service (192.0.0.192)
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, with broadcast
  '168.63.129.16/32', // Azure's host agent: a public number, answered inside of the machine's own network
);

/** Nothing outside of it is a host of the public internet: not ::1, fc00::/7, fe80::/10, fec0::/10, ff00::/8, 100::/64 ... */
const publicIpv6 = ranges('2000::/3');
const forbiddenIpv6 = ranges(
  '2001::/23', // protocol assignments: Teredo (2001::/32), ORCHID, benchmarks (2001:2::/48)
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4 embeds any IPv4 address; nobody serves over it any more (RFC 7526)
  '3fff::/20', // documentation
);
/** These lead to the IPv4 address in their last four bytes: IPv4-mapped, and NAT64, by which IPv6-only networks reach IPv4. */
const embeddingIpv6 = ranges('::ffff:0:0/96', '64:ff9b::/96');

function isIn(address: AddressBytes, list: readonly AddressRange[]): boolean {
  return list.some((range) => isInRange(address, range));
}

/** @param ip one address. Whatever is not one is forbidden. */
export function isForbiddenAddress(ip: string): boolean {
  const address = parseAddress(ip);
  if (!address) return true;
  if (address.length === 4) return isIn(address, forbiddenIpv4);
  if (isIn(address, embeddingIpv6)) return isIn(address.slice(12), forbiddenIpv4);
  return !isIn(address, publicIpv6) || isIn(address, forbiddenIpv6);
}
