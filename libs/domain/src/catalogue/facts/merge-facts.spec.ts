import { type StatedFacts, type TokenPrices, unknownFacts } from '@signalbox/gateway';
import type { CatalogueSource } from '../merge/catalogue.types';
import { CatalogueLookup } from './catalogue-lookup';
import type { FactsEntry, FactsSubject } from './facts.types';
import { mergeFacts } from './merge-facts';

const since = '2026-11-20T00:00:00.000Z';
const at = '2026-11-19T00:00:00.000Z';

type Prices = Record<string, [source: CatalogueSource, input: string, output: string]>;

function entry(id: string, fields: Record<string, unknown>, prices: Prices = {}): FactsEntry {
  return {
    id,
    fields,
    provenance: Object.fromEntries(
      ['name', ...Object.keys(fields)].map((name) => [name, { source: 'openrouter' as const, at }]),
    ),
    prices: new Map(
      Object.entries(prices).map(([provider, [source, input, output]]) => [
        provider,
        { texts: { input, output }, source, since },
      ]),
    ),
  };
}

function subject(more: Partial<Omit<FactsSubject, 'stated'>>, stated: Partial<FactsSubject['stated']> = {}) {
  const none = { deployment: {}, model: {}, provider: {}, ...stated };
  const base = { id: 'dep', kind: 'groq', upstreamModel: 'llama-3.3-70b-versatile', modelName: 'smart' };
  return { ...base, baseUrl: null, openrouterId: null, ...more, stated: none };
}

const prices = (input: number, output: number): TokenPrices => ({
  input,
  output,
  cache_read: null,
  cache_write: null,
  request: null,
});

/** Groq's own entry, from LiteLLM's map, and the same model at OpenRouter, with an endpoint of Groq's. */
const groq = entry(
  'groq/llama-3.3-70b-versatile',
  { upstream_names: { groq: 'llama-3.3-70b-versatile' }, context_length: 128_000, tools: true },
  { groq: ['litellm', '0.00000059', '0.00000079'] },
);
const meta = entry(
  'meta-llama/llama-3.3-70b-instruct',
  { context_length: 131_072, tools: false, json_mode: true, input_modalities: ['text'] },
  {
    groq: ['openrouter_endpoint', '0.0000006', '0.0000008'],
    openrouter: ['openrouter', '0.0000001', '0.0000002'],
  },
);
const both = new CatalogueLookup([groq, meta]);
const nobody = () => null;
const openrouterId = meta.id;

describe('the price of a deployment, strongest word first', () => {
  const stated = (input: number): StatedFacts => ({ prices: prices(input, 1) });
  const all = { deployment: stated(1), model: stated(2), provider: stated(3) };
  const withoutLitellm = new CatalogueLookup([{ ...groq, prices: new Map() }, meta]);
  const withoutGroq = new CatalogueLookup([
    { ...meta, prices: new Map([['openrouter', meta.prices.get('openrouter')!]]) },
  ]);

  it.each([
    ['the deployment', all, both, 1, 'manual', 'deployment'],
    ['the model', { ...all, deployment: {} }, both, 2, 'manual', 'model'],
    ['the provider', { provider: stated(3) }, both, 3, 'manual', 'provider'],
    // 0.00000059 dollars are 590,000 pico-dollars.
    ["LiteLLM's map", {}, both, 590_000, 'litellm', 'litellm'],
    [
      "the provider's endpoint at OpenRouter",
      {},
      withoutLitellm,
      600_000,
      'openrouter_endpoint',
      'openrouter_endpoint',
    ],
    ["OpenRouter's own price", {}, withoutGroq, 100_000, 'openrouter', 'openrouter'],
  ])('%s', (_who, said, catalogue, input, priceSource, source) => {
    const { facts, provenance } = mergeFacts(subject({ openrouterId }, said), catalogue, nobody);
    expect([facts.prices?.input, facts.price_source]).toEqual([input, priceSource]);
    expect(provenance.prices?.source).toBe(source);
  });

  it('says since when it is in force, and of which entry it is', () => {
    const { provenance } = mergeFacts(subject({}), both, nobody);
    expect(provenance.prices).toEqual({ source: 'litellm', at: since, entryId: groq.id });
  });

  it.each([
    ['vllm', 'http://10.0.0.7:8000/v1'],
    ['ollama', null],
    ['openai_compatible', 'https://llm.example.com/v1'],
  ])("is not OpenRouter's for a server that asks for no key (%s)", (kind, baseUrl) => {
    const own = subject({ kind, baseUrl, upstreamModel: 'llama', openrouterId });
    const { facts } = mergeFacts(own, both, nobody);
    expect([facts.prices, facts.price_source, facts.free]).toEqual([null, null, false]);
    expect(facts.context_length).toBe(131_072);
  });

  it('is nothing for canned answers, unless an admin states one', () => {
    const demo = { kind: 'demo', upstreamModel: 'demo' };
    const { facts, provenance } = mergeFacts(subject(demo), both, nobody);
    expect([facts.prices?.output, facts.free, facts.local]).toEqual([0, true, false]);
    expect(provenance.prices?.source).toBe('vendor');
    const dear = mergeFacts(subject(demo, { model: { prices: prices(5, 5) } }), both, nobody);
    expect([dear.facts.prices?.input, dear.facts.free]).toEqual([5, false]);
  });

  it("is OpenRouter's where OpenRouter serves it", () => {
    const { facts } = mergeFacts(subject({ kind: 'openrouter', upstreamModel: meta.id }), both, nobody);
    expect([facts.prices?.input, facts.catalogue_id]).toEqual([100_000, meta.id]);
  });

  it.each([
    ['free without a price', { model: { free: true } }, 0, true],
    ['a nearer price than free', { deployment: stated(5), provider: { free: true } }, 5, false],
    ['a nearer free than the price', { deployment: { free: true }, model: stated(5) }, 0, true],
    ['not free, which takes no price away', { deployment: { free: false } }, 590_000, false],
    ['a price of 0', { deployment: { prices: prices(0, 0) } }, 0, true],
  ])('%s', (_case, said: Partial<FactsSubject['stated']>, input, isFree) => {
    const { facts } = mergeFacts(subject({}, said), both, nobody);
    expect([facts.prices?.input, facts.free]).toEqual([input, isFree]);
  });

  it('is unknown where nobody knows one, and where it is no price', () => {
    const variable = entry('openrouter/auto', {}, { openrouter: ['openrouter', '-1', '-1'] });
    const auto = subject({ kind: 'openrouter', upstreamModel: 'openrouter/auto' });
    expect(mergeFacts(auto, new CatalogueLookup([variable]), nobody).facts.prices).toBeNull();
    expect(mergeFacts(subject({}), new CatalogueLookup([]), nobody).facts).toEqual(unknownFacts);
  });
});

describe('abilities', () => {
  it('come from the nearest that says something, field by field', () => {
    const said = { deployment: { context_length: 32_000 }, model: { context_length: 1, tools: false } };
    const { facts, provenance } = mergeFacts(subject({ openrouterId }, said), both, nobody);
    expect(facts).toMatchObject({
      context_length: 32_000,
      tools: false,
      json_mode: true,
      input_modalities: ['text'],
      json_schema: null,
    });
    expect(provenance).toMatchObject({
      context_length: { source: 'deployment', at: null, entryId: null },
      tools: { source: 'model' },
      json_mode: { source: 'openrouter', at, entryId: meta.id },
    });
    expect(provenance.json_schema).toBeUndefined();
  });

  it('of the entry that an admin names come first; an id that the catalogue has not is as if not said', () => {
    const other = entry('acme/other', { context_length: 9 }, { groq: ['manual', '0.001', '0.001'] });
    const lookup = new CatalogueLookup([groq, other]);
    const named = mergeFacts(subject({}, { model: { catalogue_id: 'acme/other' } }), lookup, nobody);
    expect(named.facts).toMatchObject({ catalogue_id: 'acme/other', context_length: 9, tools: true });
    expect(named.facts.prices?.input).toBe(1e9);
    expect(named.provenance.catalogue_id?.source).toBe('model');
    const gone = mergeFacts(subject({}, { model: { catalogue_id: 'acme/gone' } }), lookup, nobody);
    expect([gone.facts.catalogue_id, gone.provenance.catalogue_id?.source]).toEqual([groq.id, 'openrouter']);
  });

  it('that are no such value count as unknown', () => {
    const broken = entry(groq.id, { ...groq.fields, context_length: 'much', tools: 'yes' });
    expect(mergeFacts(subject({}), new CatalogueLookup([broken]), nobody).facts).toMatchObject({
      context_length: null,
      tools: null,
    });
  });
});

describe('a server of one’s own', () => {
  it.each([
    ['vllm', 'http://127.0.0.1:8000/v1', true],
    ['vllm', 'http://gpu-1:8000/v1', true],
    ['vllm', 'http://[fd00::1]:8000/v1', true],
    ['openai_compatible', 'http://172.20.1.1/v1', true],
    ['openai_compatible', 'https://llm.home.arpa/v1', true],
    ['openai_compatible', 'https://llm.example.com/v1', false],
    ['openai_compatible', 'https://8.8.8.8/v1', false],
    ['openai_compatible', 'https://172.32.0.1/v1', false],
    ['ollama', null, true],
    ['openai', 'http://127.0.0.1:9999', false],
    ['demo', null, false],
  ])('%s at %s: %s', (kind, baseUrl, isLocal) => {
    expect(mergeFacts(subject({ kind, baseUrl }), both, nobody).facts.local).toBe(isLocal);
  });

  it('is what an admin says it is', () => {
    const own = subject({ kind: 'vllm', baseUrl: 'http://127.0.0.1:1' }, { provider: { local: false } });
    const { facts, provenance } = mergeFacts(own, both, nobody);
    expect([facts.local, provenance.local?.source]).toEqual([false, 'provider']);
  });
});

describe('quality', () => {
  it('is looked for under the name of the model, then under its ids, strongest first', () => {
    const asked: unknown[] = [];
    mergeFacts(subject({ openrouterId }), both, (modelName, ids, upstreamModel) => {
      asked.push(modelName, ...new Set(ids), upstreamModel);
      return null;
    });
    expect(asked).toEqual(['smart', groq.id, meta.id, 'llama-3.3-70b-versatile']);
  });

  it('that is stated of a deployment wins', () => {
    const found = () => ({ score: 0.7, source: 'table' as const });
    const known = mergeFacts(subject({}), both, found);
    expect([known.facts.quality, known.facts.quality_source]).toEqual([0.7, 'table']);
    const stated = mergeFacts(subject({}, { deployment: { quality: 0 } }), both, found);
    expect([stated.facts.quality, stated.facts.quality_source]).toEqual([0, 'admin']);
    expect(stated.provenance.quality?.source).toBe('deployment');
  });
});
