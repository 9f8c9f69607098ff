import { lookup } from 'node:dns/promises';
import type { AddressPolicy } from './address-policy';
import { isForbiddenAddress } from './forbidden-addresses';
import { EgressError, type EgressReason, egressText } from './egress-error';
import { isAddressAllowed, isHostAllowed, type Target, targetOf, targetProblem } from './url-rules';
import { parseAddress } from './ip-address';

const resolveTimeoutMs = 5_000;

/** The system's resolver, which also knows /etc/hosts: operators name containers and hosts of theirs there. */
async function resolveBySystem(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);
}

/** @throws EgressError after the deadline; node's resolver has none */
async function resolveInTime(
  host: string,
  { resolve = resolveBySystem }: AddressPolicy,
): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new EgressError('unresolved', 'ETIMEOUT')), resolveTimeoutMs);
  });
  try {
    return await Promise.race([resolve(host), late]);
  } catch (error) {
    if (error instanceof EgressError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new EgressError('unresolved', code ?? null);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The addresses to connect to. One forbidden address refuses all: which of them is taken is not ours to say.
 * @throws EgressError
 */
export async function allowedAddresses(target: Target, policy: AddressPolicy): Promise<readonly string[]> {
  const problem = targetProblem(target, policy);
  if (problem) throw new EgressError(problem);
  if (parseAddress(target.host)) return [target.host];
  const addresses = await resolveInTime(target.host, policy);
  if (addresses.length === 0) throw new EgressError('unresolved');
  const areAllowed =
    isHostAllowed(target, policy) || addresses.every((address) => isAddressAllowed(address, policy));
  if (!areAllowed) throw new EgressError('forbidden_address');
  return addresses;
}

export type UrlVerdict = { ok: true } | { ok: false; reason: EgressReason; message: string };

/**
 * May this address be called? For the moment of saving it; a call checks again, at the moment of connecting. The reason `unresolved` is
 * no verdict: the name may be known later, or elsewhere.
 */
export async function checkUrl(url: string, policy: AddressPolicy): Promise<UrlVerdict> {
  try {
    const parsed = targetOf(url);
    if (typeof parsed === 'string') throw new EgressError(parsed);
    const addresses = await allowedAddresses(parsed.target, policy);
    const isLocal = addresses.every(isForbiddenAddress) || isHostAllowed(parsed.target, policy);
    // Within a network that the operator allowed, plain HTTP is usual; over the internet it would give keys away.
    if (parsed.url.protocol === 'http:' && !isLocal) throw new EgressError('unencrypted');
    return { ok: true };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    return { ok: false, reason: error.reason, message: egressText(error.reason) };
  }
}
