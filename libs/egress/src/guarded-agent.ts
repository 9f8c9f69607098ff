import type { LookupFunction } from 'node:net';
import { Agent, type buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy';
import { allowedAddresses } from './check-url';
import { toEgressError } from './egress-error';
import { parseAddress } from './ip-address';
import { sturdyConnector } from './sturdy-connector';
import { hostOf } from './url-rules';

const connectTimeoutMs = 5_000;

/** Answers with what was checked, so that nobody is asked a second time. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: parseAddress(address)?.length === 4 ? 4 : 6 }));
  return (_hostname, options, callback) => {
    const [first] = all;
    if (options.all) callback(null, all);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

type Connect = buildConnector.connector;

async function connectChecked(
  policy: AddressPolicy,
  ca: string | undefined,
  ...[options, callback]: Parameters<Connect>
): Promise<void> {
  const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
  let addresses: readonly string[];
  try {
    addresses = await allowedAddresses({ host: hostOf(options.hostname), port }, policy);
  } catch (error) {
    callback(toEgressError(error), null);
    return;
  }
  const connect = sturdyConnector({
    timeout: connectTimeoutMs,
    lookup: pinned(addresses),
    ...(ca === undefined ? {} : { ca }),
  });
  connect(options, callback);
}

/**
 * Resolves and checks at the moment of connecting, and connects to exactly what was checked: a name that leads elsewhere a
 * moment later (DNS rebinding) gains nothing. TLS still asks for the certificate of the name.
 */
function guardedConnector(policy: AddressPolicy, ca: string | undefined): Connect {
  return (options, callback) => void connectChecked(policy, ca, options, callback);
}

export interface GuardedAgentOptions {
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** How long an idle connection is kept for the next call. */
  readonly keepAliveMs?: number;
  /** Certificate authority to trust in place of the system's, for tests. */
  readonly ca?: string;
}

/** Connections to addresses that tenants name. It uses no proxy and follows no redirect. */
export function guardedAgent(policy: AddressPolicy, options: GuardedAgentOptions): Agent {
  const { headersTimeoutMs, bodyTimeoutMs, keepAliveMs = 4_000, ca } = options;
  return new Agent({
    connect: guardedConnector(policy, ca),
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    maxHeaderSize: 64 * 1024,
  });
}
