import fc from 'fast-check';
import type { LitellmEntry } from '../litellm-prices/litellm-entry';
import type { PriceOffer, SourceEntry } from './catalogue.types';
import { fingerprintOf } from './canonical-json';
import { joinSources } from './join-sources';
import { contentOf, mergeEntry } from './merge-entry';

const first = '2026-11-21T00:00:00.000Z';
const later = '2026-11-22T00:00:00.000Z';

function offer(provider: string, source: PriceOffer['source'], input: string): PriceOffer {
  return { provider, source, price: { state: 'known', texts: { input } } };
}

function openrouterEntry(id: string, fields: Record<string, unknown> = {}): SourceEntry {
  const offers = [offer('openrouter', 'openrouter', '3')];
  return { id, name: `OR ${id}`, vendor: 'acme', mode: 'chat', fields, expiresOn: null, offers };
}

function litellmEntry(
  kind: string,
  vendor: string,
  model: string,
  fields: Record<string, unknown> = {},
): LitellmEntry {
  return {
    id: `${vendor}/${model}`,
    name: model,
    vendor,
    mode: 'chat',
    fields,
    expiresOn: null,
    offers: [offer(kind, 'litellm', '1')],
    kind,
    upstreamModel: model,
  };
}

const none = new Map<string, PriceOffer[]>();

describe('joining the sources', () => {
  it('takes models of the same name for one, whatever stands between the numbers', () => {
    const joined = joinSources({
      openrouter: [openrouterEntry('anthropic/claude-sonnet-4.5'), openrouterEntry('openai/gpt-4o')],
      litellm: [
        litellmEntry('anthropic', 'anthropic', 'claude-sonnet-4-5'),
        litellmEntry('anthropic', 'anthropic', 'claude-sonnet-4-5-20250929'),
        litellmEntry('openai', 'openai', 'gpt-4o'),
      ],
      endpoints: none,
    });
    expect(joined.map(({ id, openrouter, litellm }) => [id, openrouter !== null, litellm.length])).toEqual([
      ['anthropic/claude-sonnet-4-5-20250929', false, 1],
      ['anthropic/claude-sonnet-4.5', true, 1],
      ['openai/gpt-4o', true, 1],
    ]);
  });

  it('gives an entry at most one model of a provider, the one of exactly its name first', () => {
    const litellm = [
      litellmEntry('openai', 'openai', 'gpt-4-1'),
      litellmEntry('openai', 'openai', 'gpt-4.1'),
    ];
    const openrouter = [openrouterEntry('openai/gpt-4.1')];
    const [other, joined] = joinSources({ openrouter, litellm, endpoints: none });
    expect(joined?.litellm).toMatchObject([{ upstreamModel: 'gpt-4.1' }]);
    expect(other).toMatchObject({ id: 'openai/gpt-4-1', openrouter: null });
  });

  it('comes to the same in whatever order the sources list their models', () => {
    const openrouter = ['openai/gpt-4.1', 'openai/gpt-4o', 'groq/x'].map((id) => openrouterEntry(id));
    const litellm = ['gpt-4.1', 'gpt-4-1', 'gpt-4o', 'o4'].map((id) => litellmEntry('openai', 'openai', id));
    const expected = joinSources({ openrouter, litellm, endpoints: none });
    const shuffled = <Item>(items: Item[]) =>
      fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length });
    fc.assert(
      fc.property(shuffled(openrouter), shuffled(litellm), (one, two) => {
        expect(joinSources({ openrouter: one, litellm: two, endpoints: none })).toEqual(expected);
      }),
    );
  });
});

describe('merging what the sources say of a model', () => {
  const joined = {
    id: 'acme/one',
    openrouter: openrouterEntry('acme/one', { context_length: 1_000, tools: true }),
    litellm: [litellmEntry('groq', 'acme', 'one', { context_length: 999, json_schema: true })],
    endpoints: [offer('groq', 'openrouter_endpoint', '2'), offer('together', 'openrouter_endpoint', '2')],
  };

  it('believes OpenRouter first, fills up from LiteLLM, and says who said what', () => {
    const draft = mergeEntry(joined, null, first);
    expect(draft.fields).toEqual({
      context_length: 1_000,
      tools: true,
      json_schema: true,
      upstream_names: { groq: 'one' },
    });
    expect(draft.provenance).toMatchObject({
      name: { source: 'openrouter', at: first },
      context_length: { source: 'openrouter', at: first },
      json_schema: { source: 'litellm', at: first },
    });
  });

  it('takes the price of a provider from LiteLLM, then from its endpoint', () => {
    expect(mergeEntry(joined, null, first).offers).toEqual([
      offer('groq', 'litellm', '1'),
      offer('openrouter', 'openrouter', '3'),
      offer('together', 'openrouter_endpoint', '2'),
    ]);
    const unread = {
      provider: 'groq',
      source: 'litellm',
      price: { state: 'malformed', detail: '' },
    } as const;
    const broken = { ...joined, litellm: [{ ...joined.litellm[0]!, offers: [unread] }] };
    expect(mergeEntry(broken, null, first).offers[0]).toEqual(offer('groq', 'openrouter_endpoint', '2'));
  });

  it('keeps what a person wrote, and the time of what has not changed', () => {
    const draft = mergeEntry(joined, null, first);
    const current = {
      ...contentOf(draft),
      name: 'Ours',
      fields: { ...draft.fields, context_length: 500 },
      provenance: {
        ...draft.provenance,
        name: { source: 'manual' as const, at: first },
        context_length: { source: 'manual' as const, at: first },
      },
    };
    const changed = {
      ...joined,
      openrouter: openrouterEntry('acme/one', { context_length: 2_000, tools: false }),
    };
    const merged = mergeEntry(changed, current, later);
    expect(merged).toMatchObject({ name: 'Ours', fields: { context_length: 500, tools: false } });
    expect(merged.provenance).toMatchObject({
      name: { source: 'manual', at: first },
      context_length: { source: 'manual', at: first },
      tools: { source: 'openrouter', at: later },
      json_schema: { source: 'litellm', at: first },
    });
  });

  it('drops a field that no source states any more', () => {
    const current = contentOf(mergeEntry(joined, null, first));
    const less = { ...joined, openrouter: openrouterEntry('acme/one', { context_length: 1_000 }) };
    expect(mergeEntry(less, current, later).fields).not.toHaveProperty('tools');
  });

  it('of the same answers makes the same entry, whenever', () => {
    const value = fc.oneof(fc.boolean(), fc.nat(), fc.string(), fc.array(fc.string(), { maxLength: 3 }));
    const fields = fc.dictionary(fc.constantFrom('tools', 'context_length', 'tokenizer', 'json_mode'), value);
    fc.assert(
      fc.property(fields, fields, fc.boolean(), (one, two, hasOpenrouter) => {
        const sources = {
          id: 'acme/one',
          openrouter: hasOpenrouter ? openrouterEntry('acme/one', one) : null,
          litellm: [litellmEntry('groq', 'acme', 'one', two)],
          endpoints: null,
        };
        const before = contentOf(mergeEntry(sources, null, first));
        // As it comes back from jsonb: a copy, with its names in another order.
        const stored = JSON.parse(JSON.stringify(before)) as typeof before;
        const after = contentOf(mergeEntry(sources, stored, later));
        expect(fingerprintOf(after)).toBe(fingerprintOf(before));
        for (const name of Object.keys(after.fields)) expect(after.provenance[name]).toBeDefined();
      }),
    );
  });
});
