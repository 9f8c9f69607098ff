import { modelHosts } from './model-hosts';
import { modelVendors } from './model-vendors';
import { ownProviders } from './own-providers';
import type { KeyFormat, ProviderDataPolicy, ProviderEntry } from './provider-entry';

/**
 * Every kind of provider, as data: adding one is an entry here with its tests (docs/providers.md says which). test/e2e/providers
 * drives the real LiteLLM with each.
 */
export const providerMatrix = { ...modelVendors, ...modelHosts, ...ownProviders } satisfies Record<
  string,
  ProviderEntry
>;

export type ProviderKindName = keyof typeof providerMatrix;
export const providerKindNames = Object.keys(providerMatrix) as ProviderKindName[];

export function isProviderKind(text: string): text is ProviderKindName {
  return Object.hasOwn(providerMatrix, text);
}

/** @returns null for a kind that this version does not know (a row of a newer one) */
export function providerKind(name: string): ProviderEntry | null {
  return isProviderKind(name) ? providerMatrix[name] : null;
}

export function kindOfEnvironmentVariable(variable: string): ProviderKindName | null {
  return providerKindNames.find((name) => providerMatrix[name].environmentVariable === variable) ?? null;
}

function keyFormats(): KeyFormat[] {
  return providerKindNames.map((name) => providerMatrix[name].keyFormat);
}

/** Beginnings that say whose key it is and nothing of the key; the longer ones first. */
export const keyPrefixes: readonly string[] = [
  ...new Set(keyFormats().flatMap(({ prefixes }) => prefixes)),
].sort((left, right) => right.length - left.length || left.localeCompare(right));

const innerHost =
  /^(localhost|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|\[(::1|f[cde][0-9a-f]*:.*)\]|[^.:[\]]+|.*\.(local|internal|lan|home\.arpa|localhost))$/;

/** A name without a dot, or an address of an inner network. What a name leads to is not looked up. */
export function isInnerAddress(baseUrl: string): boolean {
  return URL.canParse(baseUrl) && innerHost.test(new URL(baseUrl).hostname);
}

const unknownPolicy = { region: null, zeroDataRetention: null, trainsOnData: null, isLocal: false } as const;

/**
 * What may be taken for granted of a provider's data policy. The vendor's word is about its own address, and that of a local kind about
 * an inner one: of any other address nothing is known.
 */
export function dataPolicyAt(
  kind: string,
  baseUrl: string | null,
): Pick<ProviderDataPolicy, keyof typeof unknownPolicy> {
  const entry = providerKind(kind);
  if (!entry) return unknownPolicy;
  const address = baseUrl ?? entry.defaultBaseUrl;
  const isVouchedFor = entry.data.isLocal
    ? entry.baseUrl === 'none' || (address !== null && isInnerAddress(address))
    : baseUrl === null;
  return isVouchedFor ? entry.data : unknownPolicy;
}
