import { type Replaceable, proposeReplacement } from './propose-replacement';

function model(id: string, more: Partial<Replaceable & { input: number }> = {}): Replaceable {
  const { input = 100, ...rest } = more;
  const prices = { input, output: input, cache_read: null, cache_write: null, request: null };
  const base = {
    vendor: 'acme',
    mode: 'chat',
    contextLength: 128_000,
    inputModalities: ['text'],
    outputModalities: ['text'],
    tools: true,
    aliasOf: null,
  };
  return { id, ...base, prices, ...rest };
}

const gone = model('acme/old', { input: 100 });

it.each([
  [
    'the nearest price',
    [model('a', { input: 300 }), model('b', { input: 150 }), model('c', { input: 20 })],
    'b',
  ],
  ['half the price as near as double', [model('b', { input: 200 }), model('a', { input: 50 })], 'a'],
  [
    'the nearest context among equal prices',
    [model('a', { contextLength: 8_000 }), model('b', { contextLength: 64_000 })],
    'b',
  ],
  // One doubling of the price (1) against four of the context (4 x 0.5 = 2).
  ['price before context', [model('a', { contextLength: 8_000 }), model('b', { input: 200 })], 'b'],
  ['a known price before an unknown one', [model('a', { prices: null }), model('b', { input: 400 })], 'b'],
  ['an unknown one before nobody', [model('a', { prices: null })], 'a'],
  ['nobody of another vendor', [model('a', { vendor: 'other' })], null],
  ['nobody of another mode', [model('a', { mode: 'embedding' })], null],
  ['nobody without tools', [model('a', { tools: false }), model('b', { tools: null, input: 800 })], 'b'],
  ['nobody who reads less', [model('a', { inputModalities: ['image'] })], null],
  ['nobody who makes less', [model('a', { outputModalities: ['image'] })], null],
  [
    'somebody who makes more',
    [model('a', { outputModalities: ['text', 'image'] }), model('b', { outputModalities: [] })],
    'a',
  ],
  ['no other name of itself', [model('~acme/latest', { aliasOf: 'acme/old' })], null],
  ['a name of another one', [model('~acme/latest', { aliasOf: 'acme/new' })], '~acme/latest'],
  ['no free variant', [model('a:free', { input: 0 }), model('b', { input: 6_400 })], 'b'],
  ['not itself', [gone], null],
])('%s', (_case, candidates, expected) => {
  expect(proposeReplacement(gone, candidates)).toBe(expected);
  expect(proposeReplacement(gone, [...candidates].reverse())).toBe(expected);
});
