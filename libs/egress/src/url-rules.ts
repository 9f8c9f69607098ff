import type { AddressPolicy } from './address-policy';
import { EgressError, type EgressReason } from './egress-error';
import { isForbiddenAddress } from './forbidden-addresses';
import { isInRange, parseAddress, parseRange } from './ip-address';

/** Where a connection would go, as the connection itself understands it. */
export interface Target {
  /** Lower case, without brackets and without the dot at the end. */
  readonly host: string;
  readonly port: number;
}

/** The ports that browsers refuse for HTTP (https://fetch.spec.whatwg.org/#port-blocking), and common stores. */
const forbiddenPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 3306, 5432,
  9200, 9300, 11211, 27017,
]);

const privateNames = /(^|\.)(localhost|local|localdomain|internal|home\.arpa)$/;

/** Names without a dot are looked up in the search domains of the network we are in: redis, kubernetes, metadata. */
function isPrivateName(host: string): boolean {
  return !host.includes('.') || privateNames.test(host);
}

export function hostOf(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function spelled({ host }: Target): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The operator named this very host. */
export function isHostAllowed(target: Target, { allowedHosts }: AddressPolicy): boolean {
  const name = spelled(target);
  return allowedHosts.includes(name) || allowedHosts.includes(`${name}:${target.port}`);
}

export function isAddressAllowed(ip: string, { allowedHosts }: AddressPolicy): boolean {
  if (!isForbiddenAddress(ip)) return true;
  const address = parseAddress(ip);
  return allowedHosts.some((entry) => {
    const range = entry.includes('/') ? parseRange(entry) : null;
    return range !== null && address !== null && isInRange(address, range);
  });
}

/** What can be said without asking DNS. */
export function targetProblem(target: Target, policy: AddressPolicy): EgressReason | null {
  if (isHostAllowed(target, policy)) return null;
  if (forbiddenPorts.has(target.port)) return 'forbidden_port';
  if (parseAddress(target.host)) return isAddressAllowed(target.host, policy) ? null : 'forbidden_address';
  return isPrivateName(target.host) ? 'forbidden_host' : null;
}

/**
 * The parser of URL is also the one whose result is connected to, so odd spellings cannot mean one thing here and another
 * there: it makes 2130706433, 0x7f.1, 0177.0.0.1, %31 and full-width digits plain addresses, and names plain ASCII.
 */
export function targetOf(url: string): { target: Target; url: URL } | EgressReason {
  // It drops control characters, which other readers of the same text do not.
  if (/[\s\\\p{Cc}]/u.test(url) || !URL.canParse(url)) return 'invalid_url';
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return 'invalid_url';
  if (parsed.username !== '' || parsed.password !== '') return 'credentials_in_url';
  const host = hostOf(parsed.hostname);
  if (host === '') return 'invalid_url';
  const defaultPort = parsed.protocol === 'https:' ? 443 : 80;
  return { target: { host, port: parsed.port === '' ? defaultPort : Number(parsed.port) }, url: parsed };
}

/** @throws EgressError for a text that is no URL to call; its address is checked when it is connected to */
export function checkedUrl(text: string): URL {
  const parsed = targetOf(text);
  if (typeof parsed === 'string') throw new EgressError(parsed);
  return parsed.url;
}
