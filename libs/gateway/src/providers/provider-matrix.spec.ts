import { failureReasons } from '../attempt-failure';
import { classifyAnswer } from '../attempt-failure-classes';
import { readErrorFields } from '../attempt-failure-fields';
import { llmRoutes } from '../llm-routes';
import type { ProviderEntry, ProviderErrorReading } from './provider-entry';
import {
  dataPolicyAt,
  keyPrefixes,
  providerKind,
  providerKindNames,
  providerMatrix,
} from './provider-matrix';

const entries: [string, ProviderEntry][] = providerKindNames.map((name) => [name, providerMatrix[name]]);
const vendors = entries.filter(([, { environmentVariable }]) => environmentVariable !== null);
const callable = entries.filter(([name]) => !['litellm', 'demo'].includes(name));

/** The providers that were asked for; Anyscale is closed, and an OpenAI-compatible server takes its place. */
const wanted =
  'openai anthropic google cohere mistral perplexity groq together ollama vllm huggingface fireworks openrouter openai_compatible';

it('has every provider that was asked for', () => {
  for (const name of wanted.split(' ')) expect(providerKind(name)).not.toBeNull();
  expect(providerKind('anyscale')).toBeNull();
  expect(providerMatrix.openai_compatible.remark).toContain('Anyscale');
});

describe.each(callable)('the entry of %s', (_name, entry) => {
  it('says all that a caller, a check and a person must know', () => {
    expect(entry.title).not.toBe('');
    expect(entry.litellmPrefix).toMatch(/^[a-z0-9_]+$/);
    expect(entry.probe.keyRequest).toMatch(/^(GET|POST) /);
    expect(entry.keyFormat.hint).not.toBe('');
    expect(entry.docsUrl).toMatch(/^https:\/\/docs\.litellm\.ai\/docs\/providers\/\w+$/);
    expect(entry.data.remark).not.toBe('');
    // What is claimed of a vendor has a source.
    if (entry.needsKey && entry.data.zeroDataRetention !== null) expect(entry.data.source).not.toBeNull();
  });

  it('says where it is', () => {
    if (entry.baseUrl === 'required')
      expect([entry.vendorBaseUrl, entry.environmentVariable]).toEqual([null, null]);
    else expect(URL.canParse(entry.vendorBaseUrl ?? '')).toBe(true);
    expect(entry.vendorBaseUrl ?? '').not.toMatch(/\/$/);
  });

  it('goes direct only on routes that there are', () => {
    const names = new Set(llmRoutes.map(({ name }) => name));
    for (const route of entry.direct?.routes ?? []) expect(names).toContain(route);
  });

  it('says how a wrong key reads', () => {
    expect(entry.errors.filter(({ reads }) => reads === 'credential_refused')).not.toEqual([]);
  });
});

it.each(vendors)('%s needs a key, from a variable, with a reference of its own', (_name, entry) => {
  expect(entry).toMatchObject({ needsKey: true, baseUrl: 'optional' });
  expect(entry.referenceUrl).toMatch(/^https:\/\//);
  expect(entry.errors.filter(({ reads }) => reads === 'rate_limited')).toHaveLength(1);
});

/** In the words of the dialect. */
function bodyOf({ dialect }: ProviderEntry, { status, code, message }: ProviderErrorReading): unknown {
  switch (dialect) {
    case 'anthropic':
      return { type: 'error', error: { type: code, message } };
    case 'google':
      return { error: { code: status, message, status: code, details: [{ reason: code }] } };
    case 'cohere':
      return { id: '1', message };
    case 'ollama':
      return { error: message };
    default:
      return { error: { message, type: null, param: null, code } };
  }
}

const readings = entries.flatMap(([kind, entry]) =>
  entry.errors.map((error) => [kind, error.when, error.reads, entry, error] as const),
);

it.each(readings)('%s, %s: the edge reads %s', (kind, _when, reads, entry, error) => {
  const via = kind === 'openrouter' ? 'openrouter' : 'direct';
  const fields = readErrorFields(bodyOf(entry, error));
  expect(classifyAnswer({ via, provider: kind, status: error.status, error: fields }).reason).toBe(reads);
  expect(failureReasons).toContain(reads);
});

it('knows the beginnings of keys, the longer ones first', () => {
  expect(keyPrefixes.indexOf('sk-ant-')).toBeLessThan(keyPrefixes.indexOf('sk-'));
  expect(keyPrefixes).toEqual(expect.arrayContaining(['AIza', 'gsk_', 'hf_', 'pplx-', 'sk-or-']));
});

describe('what LiteLLM gets as api_base', () => {
  it.each([
    ['cohere', 'chat', 'https://c.test', 'https://c.test/v2/chat'],
    ['cohere', 'responses', 'https://c.test/v1', 'https://c.test/v2/chat'],
    ['cohere', 'embedding', 'https://c.test/v2', 'https://c.test/v2/embed'],
    ['cohere', 'rerank', 'https://c.test', 'https://c.test'],
    ['cohere', 'chat', 'https://c.test/v2/chat', 'https://c.test/v2/chat'],
    ['google', 'chat', 'https://g.test', 'https://g.test/v1beta'],
    ['google', 'chat', 'https://g.test/v1', 'https://g.test/v1'],
    ['openai', 'chat', 'https://o.test/v1', 'https://o.test/v1'],
  ])('%s, %s at %s', (kind, mode, baseUrl, expected) => {
    expect(providerKind(kind)?.litellmBaseUrl(baseUrl, mode)).toBe(expected);
  });
});

it.each([
  ['mistral', 'https://own.test/v1', 'https://own.test'],
  ['huggingface', 'https://own.test/v1', 'https://own.test'],
  ['anthropic', 'https://own.test/v1', 'https://own.test'],
  ['ollama', 'https://own.test/api', 'https://own.test'],
  ['google', 'https://own.test', 'https://own.test/v1beta'],
  ['cohere', 'https://own.test/v2', 'https://own.test/v2/chat'],
  ['openai', 'https://own.test/v1', 'https://own.test/v1'],
])('%s at an own address %s is reached by LiteLLM below %s', (kind, baseUrl, expected) => {
  expect(providerKind(kind)?.ownBaseUrl(baseUrl)).toBe(expected);
});

describe('the data policy at an address', () => {
  const unknown = { region: null, zeroDataRetention: null, trainsOnData: null };

  it.each([
    ['perplexity', null, { zeroDataRetention: true, trainsOnData: false }],
    ['openai', null, { zeroDataRetention: false, trainsOnData: false }],
    ['perplexity', 'https://proxy.example.com', unknown],
    ['ollama', null, unknown],
    ['vllm', 'https://llm.example.com/v1', unknown],
    ['demo', null, unknown],
    ['a kind of a later version', null, unknown],
  ])('of %s at %s', (kind, baseUrl, expected) => {
    expect(dataPolicyAt(kind, baseUrl)).toMatchObject(expected);
  });
});
