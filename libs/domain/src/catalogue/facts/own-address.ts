import { isIP } from 'node:net';
import { providerKind } from '@signalbox/domain/providers';

const privateIpv4 =
  /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;
const privateIpv6 = /^(::1$|f[cd]|fe[89ab])/i;
/** RFC 6762 and 8375, and what people and Docker use for names that nobody else can resolve. */
const privateName = /(^|\.)(localhost|local|lan|internal|intranet|home\.arpa)$/i;

/**
 * Whether a server stands on the operator's own network, told from its address alone: a public one may be anybody's, so it counts
 * as one of the operator's own only when an admin says so.
 */
export function isOwnServer(kind: string, baseUrl: string | null): boolean {
  const known = providerKind(kind);
  const isVendor = known === null || known.needsKey || known.baseUrl === 'none';
  const address = baseUrl ?? known?.defaultBaseUrl ?? null;
  if (isVendor || address === null || !URL.canParse(address)) return false;
  const host = new URL(address).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 4) return privateIpv4.test(host);
  if (isIP(host) === 6) return privateIpv6.test(host);
  return !host.includes('.') || privateName.test(host);
}
