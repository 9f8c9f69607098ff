import fc from 'fast-check';
import { differenceOf, type RoutingChange } from './routing-difference';

const leaf = fc.oneof(
  fc.integer(),
  fc.constantFrom('a', 'b', null),
  fc.array(fc.integer(), { maxLength: 2 }),
);
const { document } = fc.letrec<{ document: Record<string, unknown> }>((tie) => ({
  document: fc.dictionary(
    fc.constantFrom('levels', 'groups', 'eco', 'models', 'x'),
    fc.oneof({ depthSize: 'small' }, leaf, tie('document')),
    { maxKeys: 4 },
  ),
}));

function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, one]) => [name, reversed(one)]),
  );
}

/** Makes the changes: what comes out must be the other document. */
function changed(
  before: Record<string, unknown>,
  changes: readonly RoutingChange[],
): Record<string, unknown> {
  const after = structuredClone(before);
  for (const { field, change, after: value } of changes) {
    const path = field.split('.');
    const last = path.pop()!;
    const holder = path.reduce((at, name) => at[name] as Record<string, unknown>, after);
    if (change === 'removed') delete holder[last];
    else holder[last] = value;
  }
  return after;
}

it('says all that it takes to come from one document to the other', () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      expect(changed(before, differenceOf(before, after))).toEqual(after);
    }),
  );
});

it('finds nothing between equal documents, in whatever order their fields stand', () => {
  fc.assert(
    fc.property(document, (one) => {
      expect(differenceOf(one, reversed(one) as Record<string, unknown>)).toEqual([]);
    }),
  );
});

it('goes into objects and takes a list for one value', () => {
  expect(
    differenceOf(
      { levels: { eco: { models: ['a'], preferred: [] } }, attempt_limit: 2 },
      { levels: { eco: { models: ['a', 'b'], preferred: [] } }, exploration: 0 },
    ),
  ).toEqual([
    { field: 'attempt_limit', change: 'removed', before: 2, after: null },
    { field: 'exploration', change: 'added', before: null, after: 0 },
    { field: 'levels.eco.models', change: 'changed', before: ['a'], after: ['a', 'b'] },
  ]);
});
