import { familyOf, qualityOfFigure, qualityTable } from './quality-table';
import { qualityLookup } from './quality-lookup';

const figureOf = (name: string): number => qualityTable.families.find((one) => one.name === name)!.figure;

describe('the table of qualities', () => {
  it.each([
    ['openai/gpt-4o', 'GPT-4o-2024-08-06'],
    ['gpt-4o-mini', 'GPT-4o-mini-2024-07-18'],
    ['openai/gpt-4.1-mini', 'GPT-4.1-mini-2025-04-14'],
    ['claude-3-5-sonnet-20241022', 'Claude 3.5 Sonnet (20241022)'],
    ['anthropic/claude-3.5-sonnet-20240620', 'Claude 3.5 Sonnet (20240620)'],
    ['groq/llama-3.3-70b-versatile', 'Llama-3.3-70B-Instruct'],
    ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 'Llama-3.3-70B-Instruct'],
    ['accounts/fireworks/models/llama-v3p1-8b-instruct', 'Meta-Llama-3.1-8B-Instruct'],
    ['deepseek/deepseek-r1-0528:free', 'DeepSeek-R1-0528'],
    ['google/gemini-2.0-flash-lite-001', 'Gemini-2.0-Flash-Lite'],
  ])('knows %s as %s', (id, family) => {
    expect(familyOf(id)?.name).toBe(family);
  });

  it.each(['openai/gpt-4o-audio-preview', 'openai/gpt-99', 'google/gemini-2.5-flash-lite', 'smart', ''])(
    'does not know %s',
    (id) => {
      expect(familyOf(id)).toBeNull();
    },
  );

  it('counts as its arithmetic says', () => {
    // (1288 - 1000) / 500 = 0.576
    expect([figureOf('GPT-4o-mini-2024-07-18'), qualityOfFigure(1_288)]).toEqual([1_288, 0.576]);
    expect([qualityOfFigure(999), qualityOfFigure(1_501), qualityOfFigure(1_250.3)]).toEqual([0, 1, 0.501]);
  });

  it('names a source of each figure, gives each pattern to one family, and each family a figure in the scale', () => {
    const patterns = qualityTable.families.flatMap((family) => family.patterns);
    expect(new Set(patterns).size).toBe(patterns.length);
    for (const { name, source, figure } of qualityTable.families) {
      expect([name, qualityTable.sources[source] !== undefined]).toEqual([name, true]);
      expect([name, figure > 1_000 && figure < 1_500]).toEqual([name, true]);
    }
  });
});

it('takes a word for the model first, then one for its ids, then the table', () => {
  const admin = (score: number) => ({ score, source: 'admin' as const });
  const ids = ['openai/gpt-4o'];
  const all = qualityLookup(
    new Map([
      ['smart', admin(0.1)],
      ['openai/gpt-4o', admin(0.2)],
    ]),
  );
  expect(all('smart', ids, 'gpt-4o')).toEqual(admin(0.1));
  expect(all('other', ids, 'gpt-4o')).toEqual(admin(0.2));
  // That a provider has a model of that name says nothing of ours.
  expect(all('other', [], 'smart')).toBeNull();
  const table = { score: qualityOfFigure(figureOf('GPT-4o-2024-08-06')), source: 'table' };
  expect(qualityLookup(new Map())('smart', ids, 'x')).toEqual(table);
  expect(qualityLookup(new Map())('smart', [], 'gpt-4o')).toEqual(table);
  // A public name is whatever an admin likes: it says nothing of the model behind it.
  expect(qualityLookup(new Map())('gpt-4o', ['acme/own-model'], 'own-model')).toBeNull();
});
