import { generateCatalogue } from '../../../../../test/stand-ins/openrouter-catalogue.models';
import { parseEndpoints } from './openrouter-endpoints';
import { openrouterPrice, parseOpenrouterModel } from './openrouter-model';

const catalogue = generateCatalogue();
const parsed = (id: string) => {
  const one = parseOpenrouterModel(catalogue.find((model) => model.id === id));
  if (!('entry' in one)) throw new Error('not read');
  return one.entry;
};

describe("OpenRouter's models", () => {
  it('are all read', () => {
    const bad = catalogue.map(parseOpenrouterModel).filter((one) => 'malformed' in one);
    expect(catalogue.length).toBeGreaterThanOrEqual(420);
    expect(bad).toEqual([]);
  });

  it('say what they can do, under our names', () => {
    const sonnet = catalogue.find(({ id }) => id === 'anthropic/claude-sonnet-4.5')!;
    expect(parsed(sonnet.id)).toMatchObject({
      id: sonnet.id,
      vendor: 'anthropic',
      mode: 'chat',
      fields: {
        context_length: sonnet.context_length,
        input_modalities: sonnet.architecture.input_modalities,
        tools: sonnet.supported_parameters.includes('tools'),
        json_schema: sonnet.supported_parameters.includes('structured_outputs'),
      },
    });
  });

  it('have a price under our names, without the zeros that say nothing', () => {
    expect(parsed('openai/gpt-4o').offers).toEqual([
      {
        provider: 'openrouter',
        source: 'openrouter',
        price: { state: 'known', texts: { input: '0.0000025', output: '0.00001', cache_read: '0.00000125' } },
      },
    ]);
    expect(parsed('openrouter/auto').offers[0]?.price).toEqual({ state: 'variable' });
  });

  it.each([
    [
      '~anthropic/claude-sonnet-latest',
      { vendor: 'anthropic', fields: { alias_of: 'anthropic/claude-sonnet-4.5' } },
    ],
    ['openai/text-embedding-3-small', { mode: 'embedding' }],
    ['google/gemini-2.5-flash-image', { mode: 'chat' }],
  ])('%s is what it is', (id, expected) => {
    expect(parsed(id)).toMatchObject(expected);
  });

  it.each<[unknown, string | null]>([
    [null, null],
    ['text', null],
    [{ id: 5, name: 'x', pricing: {} }, null],
    [{ id: 'a/b', name: 'x' }, 'a/b'],
    [{ id: 'a/b', name: '', pricing: {} }, 'a/b'],
    [{ id: 'a b', name: 'x', pricing: {} }, 'a b'],
    // What PostgreSQL cannot keep would end the sync for all the others.
    [{ id: 'a/b', name: 'NUL\0', pricing: {} }, 'a/b'],
    [{ id: 'a/b', name: 'x', pricing: {}, architecture: { tokenizer: '\ud83d' } }, 'a/b'],
    [{ id: 'a/\0', name: 'x', pricing: {} }, null],
    [{ id: 'a/\udc00', name: 'x', pricing: {} }, null],
  ])('that cannot be read are named if they can be: %p', (raw, id) => {
    expect(parseOpenrouterModel(raw)).toEqual({ malformed: id });
  });

  it('have no id that is longer than an index of PostgreSQL takes', () => {
    const raw = { id: `a/${'b'.repeat(3_000)}`, name: 'x', pricing: {} };
    expect(parseOpenrouterModel(raw)).toEqual({ malformed: null });
  });

  it('with odd values in what is not important are read all the same', () => {
    const raw = {
      id: 'a/b',
      name: 'x',
      pricing: {},
      context_length: 0,
      expiration_date: 'soon',
      alias_target: 7,
    };
    expect(parseOpenrouterModel(raw)).toMatchObject({
      entry: { fields: {}, expiresOn: null, offers: [{ price: { state: 'absent' } }] },
    });
  });
});

it.each([
  ['2027-01-31', '2027-01-31'],
  ['2028-02-29', '2028-02-29'],
  ['2027-01-31T23:59:59Z', '2027-01-31'],
  ['2027-02-29', null],
  ['2027-13-01', null],
  ['2027-00-00', null],
  ['0000-01-01', null],
  ['', null],
  [null, null],
])('a model that ends on %p ends on %p', (expiration_date, expiresOn) => {
  const raw = { id: 'a/b', name: 'x', pricing: {}, expiration_date };
  expect(parseOpenrouterModel(raw)).toMatchObject({ entry: { expiresOn } });
});

it.each([
  [{ min_prompt_tokens: '200000' }, { min_prompt_tokens: 200_000 }],
  [{ min_prompt_tokens: 200_000 }, { min_prompt_tokens: 200_000 }],
  [
    { utc_start: '0030', utc_end: '08:30' },
    { utc_start: '0030', utc_end: '08:30' },
  ],
  [{ utc_days: ['saturday', 'sunday'] }, { utc_days: 'saturday,sunday' }],
])('a price under the condition %j is kept', (condition, expected) => {
  const pricing = { prompt: '0.000001', overrides: [{ ...condition, prompt: '0.000002' }] };
  expect(openrouterPrice(pricing)).toEqual({
    state: 'known',
    texts: { input: '0.000001', overrides: [{ ...expected, input: '0.000002' }] },
  });
});

it.each([
  { min_prompt_tokens: '200k' },
  { min_prompt_tokens: '' },
  { utc_start: 'night\0' },
  { utc_days: 'weekend' },
  { utc_days: ['\0'] },
])('a price under the condition %j cannot be read', (condition) => {
  const pricing = { prompt: '0.000001', overrides: [{ ...condition, prompt: '0.000002' }] };
  expect(openrouterPrice(pricing)).toMatchObject({ state: 'malformed' });
});

describe("OpenRouter's endpoints", () => {
  const endpoint = (tag: string, prompt: string, completion: string) => ({
    tag,
    pricing: { prompt, completion },
  });
  const answer = (...endpoints: unknown[]) => ({ data: { id: 'a/b', endpoints } });

  it('give a price for each provider of ours, the dearest of several', () => {
    const raw = answer(
      endpoint('deepinfra/fp4', '1', '1'),
      endpoint('groq', '0.0000005', '0.0000008'),
      endpoint('together/fp8', '0.0000002', '0.0000004'),
      endpoint('together/turbo', '0.0000009', '0.0000009'),
      { tag: 'fireworks' },
    );
    expect(parseEndpoints(raw)).toMatchObject([
      { provider: 'groq', source: 'openrouter_endpoint', price: { texts: { output: '0.0000008' } } },
      { provider: 'together', price: { texts: { input: '0.0000009' } } },
    ]);
  });

  it('give the one whose long prompts are dearer, where all else is the same', () => {
    const plain = endpoint('openai', '0.000001', '0.000002');
    const long = (prompt: string) => ({
      ...plain,
      pricing: { ...plain.pricing, overrides: [{ min_prompt_tokens: 200_000, prompt }] },
    });
    for (const endpoints of [
      [plain, long('0.000002'), long('0.0000015')],
      [long('0.000002'), long('0.0000015'), plain],
    ])
      expect(parseEndpoints(answer(...endpoints))).toMatchObject([
        { price: { texts: { overrides: [{ input: '0.000002' }] } } },
      ]);
  });

  it.each([null, [], { data: [] }, { data: { endpoints: 'none' } }])(
    'of another form are none: %p',
    (raw) => {
      expect(parseEndpoints(raw)).toBeNull();
    },
  );
});
