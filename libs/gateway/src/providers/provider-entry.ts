import type { FailureReason } from '../attempt-failure';

/** The dialect that the provider itself speaks; LiteLLM translates. */
export type ProviderDialect = 'openai' | 'anthropic' | 'google' | 'cohere' | 'ollama' | 'mock' | 'various';

/**
 * Providers that speak the client's own dialect, so that a call can go to them without LiteLLM: only the model's name is replaced.
 * Where LiteLLM 1.103.1 takes a base URL to begin is the rule here too (llms/<provider>/.../transformation.py).
 */
export interface DirectProvider {
  /** Names of llm-routes.ts. */
  readonly routes: ReadonlySet<string>;
  readonly keyHeader: 'authorization' | 'x-api-key';
  /** Whether it takes `stream_options`; the others send usage by themselves, and may refuse the field. */
  readonly takesStreamOptions: boolean;
  /** From the base URL's path, without a slash at its end, to where `/chat/completions` or `/messages` is appended. */
  readonly rootOf: (basePath: string) => string;
  /** The name for the provider's own wire. null: it cannot be said without LiteLLM. */
  readonly modelName: (upstreamModel: string) => string | null;
}

/** How its keys look. A hint for people who type: formats change, so it is never a reason to refuse a key. */
export interface KeyFormat {
  readonly hint: string;
  /** Well-known beginnings, which say whose key it is, and may be shown of it. */
  readonly prefixes: readonly string[];
}

/** How one of its errors reads. `code` is the provider's own word, where its dialect has one. */
export interface ProviderErrorReading {
  readonly when: string;
  readonly status: number;
  readonly code: string | null;
  readonly message: string | null;
  readonly reads: FailureReason;
}

/** What the provider's own documents say of a plain account. null: it depends on the account, or they do not say. */
export interface ProviderDataPolicy {
  /** Such as eu, us. */
  readonly region: string | null;
  readonly zeroDataRetention: boolean | null;
  readonly trainsOnData: boolean | null;
  /** Where that is written. */
  readonly source: string | null;
  readonly remark: string;
}

/** How its health is seen without a call that costs anything. */
export interface ProviderProbe {
  /** What is asked with a key; null: no free route tells a good key from a bad one. */
  readonly keyRequest: string | null;
  /** A route that says whether the server is there, asked without a key; null: none, or one that is not ours to ask so often. */
  readonly liveness: { readonly request: string; readonly urlOf: (baseUrl: string) => string } | null;
}

/** One provider, as data. Everything that differs between providers and can be said in a table stands here. */
export interface ProviderEntry {
  readonly title: string;
  /** What LiteLLM wants before the provider's own model name; null: the upstream model brings it along. */
  readonly litellmPrefix: string | null;
  /** Where LiteLLM has another prefix for some modes. */
  readonly litellmPrefixByMode: Readonly<Record<string, string>>;
  readonly dialect: ProviderDialect;
  /** The vendor's own address; null: every server has its own. */
  readonly vendorBaseUrl: string | null;
  /** Written into the configuration when neither the deployment nor the provider names another one. */
  readonly defaultBaseUrl: string | null;
  readonly baseUrl: 'optional' | 'required' | 'none';
  /** What LiteLLM wants as `api_base` for a base URL: of some providers the whole address of the route. */
  readonly litellmBaseUrl: (baseUrl: string, mode: string) => string;
  /**
   * What LiteLLM wants for the base URL of somebody's own key, which it reaches through the edge's relay: it does not see how that ends,
   * and adds what it would leave out otherwise.
   */
  readonly ownBaseUrl: (baseUrl: string) => string;
  readonly needsKey: boolean;
  readonly keyFormat: KeyFormat;
  /** The environment variable in which a platform key is looked for; none where every server has its own. */
  readonly environmentVariable: string | null;
  readonly probe: ProviderProbe;
  readonly direct: DirectProvider | null;
  readonly errors: readonly ProviderErrorReading[];
  readonly data: ProviderDataPolicy;
  /** What LiteLLM says of it. */
  readonly docsUrl: string;
  /** The provider's own reference; null: there is none for the kind as a whole. */
  readonly referenceUrl: string | null;
  /** For people who choose among kinds. */
  readonly remark: string | null;
}

type EntryOptions = Partial<
  Omit<ProviderEntry, 'title' | 'litellmPrefix' | 'docsUrl' | 'data' | 'keyFormat'>
> & {
  docs?: string;
  data?: Partial<ProviderDataPolicy>;
  keyFormat?: Partial<KeyFormat>;
};

const litellmDocs = 'https://docs.litellm.ai/docs/providers';
const noPolicy: ProviderDataPolicy = {
  region: null,
  zeroDataRetention: null,
  trainsOnData: null,
  source: null,
  remark: 'Not known: say it in the facts of the provider, if a data rule is to let it pass.',
};

export function providerEntry(
  title: string,
  litellmPrefix: string | null,
  options: EntryOptions,
): ProviderEntry {
  const { docs, data, keyFormat, ...rest } = options;
  return {
    title,
    litellmPrefix,
    litellmPrefixByMode: {},
    dialect: 'openai',
    vendorBaseUrl: null,
    defaultBaseUrl: null,
    baseUrl: 'optional',
    litellmBaseUrl: (baseUrl) => baseUrl,
    ownBaseUrl: (baseUrl) => baseUrl,
    needsKey: true,
    environmentVariable: null,
    probe: { keyRequest: null, liveness: null },
    direct: null,
    errors: [],
    referenceUrl: null,
    remark: null,
    ...rest,
    keyFormat: { hint: 'no fixed form', prefixes: [], ...keyFormat },
    data: { ...noPolicy, ...data },
    docsUrl: docs === undefined ? litellmDocs : `${litellmDocs}/${docs}`,
  };
}

export function directWay(
  routes: readonly string[],
  change: Partial<Omit<DirectProvider, 'routes'>> = {},
): DirectProvider {
  return {
    routes: new Set(routes),
    keyHeader: 'authorization',
    takesStreamOptions: true,
    rootOf: (basePath) => basePath,
    modelName: (name) => name,
    ...change,
  };
}

/** Adds an ending that may be there already. */
export const below = (ending: string) => (basePath: string) =>
  basePath.endsWith(ending) ? basePath : basePath + ending;

/** LiteLLM adds it. */
export const withoutV1 = (baseUrl: string): string => baseUrl.replace(/\/v1$/, '');

export function reading(
  when: string,
  status: number,
  code: string | null,
  message: string | null,
  reads: FailureReason,
): ProviderErrorReading {
  return { when, status, code, message, reads };
}
