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

const unknownPolicy = { region: null, zeroDataRetention: null, trainsOnData: null } as const;

/**
 * What may be taken for granted of a provider's data policy. A vendor's word is about its own address: of any other one nothing is known.
 * The operator's own servers are told by where they stand.
 */
export function dataPolicyAt(
  kind: string,
  baseUrl: string | null,
): Pick<ProviderDataPolicy, keyof typeof unknownPolicy> {
  const entry = providerKind(kind);
  const isAtVendor = entry !== null && baseUrl === null && entry.needsKey;
  return isAtVendor ? entry.data : unknownPolicy;
}
