import fc from 'fast-check';
import { judgeSync } from '../anomalies/judge-sync';
import { contentOf, mergeEntry } from '../merge/merge-entry';
import { joinSources, type Sources } from '../merge/join-sources';
import { fingerprintOf } from '../merge/canonical-json';
import type { PriceOffer, SourceEntry, SyncSource } from '../merge/catalogue.types';
import { type LitellmEntry, litellmEntryId } from '../litellm-prices/litellm-entry';
import { formerIdOf } from './former-id';
import { lastOfLitellm, lastOfOpenrouter } from './last-said';

type InForce = Parameters<typeof judgeSync>[1];
const first = '2026-11-21T00:00:00.000Z';
const later = '2026-11-22T00:00:00.000Z';

const modelName = fc.constantFrom('sonnet-4.5', 'sonnet-4-5', 'gpt-4o', 'gpt-4.1');
const fields = fc.dictionary(
  fc.constantFrom('tools', 'context_length', 'json_mode'),
  fc.integer({ min: 1, max: 3 }),
);
const day = fc.option(fc.constant('2027-01-01'));
const offer = (provider: string, source: PriceOffer['source']): fc.Arbitrary<PriceOffer> =>
  fc.record({
    provider: fc.constant(provider),
    source: fc.constant(source),
    price: fc.oneof(
      fc.constant({ state: 'absent' as const }),
      fc.record({
        state: fc.constant('known' as const),
        texts: fc.record({ input: fc.constantFrom('1e-6', '2e-6') }),
      }),
    ),
  });

const openrouterEntry: fc.Arbitrary<SourceEntry> = fc
  .record({
    vendor: fc.constantFrom('openai', 'anthropic'),
    model: modelName,
    fields,
    expiresOn: day,
    price: offer('openrouter', 'openrouter'),
  })
  .map(({ vendor, model, price, ...entry }) => ({
    ...entry,
    id: `${vendor}/${model}`,
    name: `OpenRouter's ${model}`,
    vendor,
    mode: 'chat',
    offers: [price],
  }));
const litellmEntry: fc.Arbitrary<LitellmEntry> = fc
  .constantFrom('openai', 'anthropic', 'litellm')
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      model: modelName,
      fields,
      expiresOn: day,
      price: offer(kind, 'litellm'),
    }),
  )
  .map(({ kind, model, price, ...entry }) => ({
    ...entry,
    id: litellmEntryId(kind, kind === 'litellm' ? `azure/${model}` : model),
    name: kind === 'litellm' ? `azure/${model}` : model,
    vendor: kind === 'litellm' ? 'azure' : kind,
    mode: 'chat',
    offers: [price],
    kind,
    upstreamModel: kind === 'litellm' ? `azure/${model}` : model,
  }));
const sources: fc.Arbitrary<Sources> = fc
  .record({
    openrouter: fc.uniqueArray(openrouterEntry, { selector: ({ id }) => id, maxLength: 5 }),
    litellm: fc.uniqueArray(litellmEntry, {
      selector: ({ kind, upstreamModel }) => `${kind} ${upstreamModel}`,
      maxLength: 8,
    }),
    endpoints: fc.dictionary(
      fc.constantFrom('openai/gpt-4o', 'anthropic/sonnet-4.5'),
      offer('groq', 'openrouter_endpoint'),
    ),
  })
  .map(({ endpoints, ...rest }) => ({
    ...rest,
    endpoints: new Map(Object.entries(endpoints).map(([id, one]) => [id, [one]])),
  }));

const nothing: InForce = { entries: new Map(), prices: new Map() };

/** What a sync of these answers leaves in force, and what it would write. */
function sync(answers: Sources, inForce: InForce, asked: readonly SyncSource[], at: string) {
  const joined = joinSources(answers);
  const ids = new Set(joined.map(({ id }) => id));
  const drafts = joined.map((one) => {
    const formerId = formerIdOf(one, inForce.entries, ids);
    return mergeEntry(one, inForce.entries.get(formerId ?? one.id) ?? null, at, formerId);
  });
  const models = asked.includes('openrouter') ? answers.openrouter.map(({ id }) => id) : [];
  const judged = judgeSync({ asked: new Set(asked), models, malformed: [], drafts }, inForce, []);
  const after: InForce = {
    entries: new Map(
      drafts.map((draft) => [
        draft.id,
        { ...contentOf(draft), fingerprint: fingerprintOf(contentOf(draft)) },
      ]),
    ),
    prices: new Map(
      judged.plans.map(({ id, opens }) => [
        id,
        new Map(opens.map(({ provider, ...price }) => [provider, price])),
      ]),
    ),
  };
  return { judged, after };
}

describe('a source that is not asked', () => {
  it.each<SyncSource>(['openrouter', 'litellm'])(
    'has said what it said last: when %s alone is asked and says the same, nothing changes',
    (asked) => {
      fc.assert(
        fc.property(sources, (answers) => {
          const { after: inForce } = sync(answers, nothing, ['openrouter', 'litellm'], first);
          const mixed =
            asked === 'litellm'
              ? { ...lastOfOpenrouter(inForce), litellm: answers.litellm }
              : { ...answers, litellm: lastOfLitellm(inForce) };
          const { judged } = sync(mixed, inForce, [asked], later);
          expect(judged).toMatchObject({ plans: [], held: [], vanished: [] });
        }),
      );
    },
  );

  it('has lost nothing, however little the other one has left', () => {
    fc.assert(
      fc.property(sources, sources, (answers, others) => {
        const { after: inForce } = sync(answers, nothing, ['openrouter', 'litellm'], first);
        const { judged } = sync(
          { ...lastOfOpenrouter(inForce), litellm: others.litellm },
          inForce,
          ['litellm'],
          later,
        );
        const ofOpenrouter = new Set(answers.openrouter.map(({ id }) => id));
        expect(judged.vanished.filter((id) => ofOpenrouter.has(id))).toEqual([]);
        for (const { id, closes, opens } of judged.plans) {
          expect(closes.filter((provider) => provider === 'openrouter')).toEqual([]);
          expect([id, opens.filter(({ source }) => source !== 'litellm')]).toEqual([id, []]);
        }
      }),
    );
  });

  it.each<SyncSource>(['openrouter', 'litellm'])(
    'is no other one for having come later: %s alone, and then both, end in the catalogue of both at once',
    (asked) => {
      const whatItIs = ({ entries }: InForce) =>
        [...entries].map(([id, { name, vendor, mode, status, fields: known }]) => [
          id,
          { name, vendor, mode, status, known },
        ]);
      fc.assert(
        fc.property(sources, (answers) => {
          const one =
            asked === 'litellm'
              ? { openrouter: [], endpoints: new Map(), litellm: answers.litellm }
              : { ...answers, litellm: [] };
          const before = sync(one, nothing, [asked], first).after;
          const { judged, after } = sync(answers, before, ['openrouter', 'litellm'], later);
          expect(judged.vanished).toEqual([]);
          expect(judged.held.filter(({ anomaly }) => anomaly === 'mass_vanishing')).toEqual([]);
          expect(whatItIs(after)).toEqual(
            whatItIs(sync(answers, nothing, ['openrouter', 'litellm'], later).after),
          );
        }),
      );
    },
  );
});
