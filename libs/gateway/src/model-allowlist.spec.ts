import fc from 'fast-check';
import { listAllows, listsAllow } from './model-allowlist';

const name = fc.stringMatching(/^[a-z]{1,6}(\/[a-z0-9.-]{1,8})?$/);
const entry = fc.oneof(
  name,
  fc.stringMatching(/^[a-z]{1,6}\/\*$/),
  fc.constantFrom('*', 'all-team-models', 'all-proxy-models', 'no-default-models'),
);
const list = fc.array(entry, { maxLength: 5 });

describe('a list of models', () => {
  it.each([
    [[], 'gpt-4o', true],
    [['gpt-4o'], 'gpt-4o', true],
    [['gpt-4o'], 'gpt-4o-mini', false],
    [['gpt-4o'], 'GPT-4o', false],
    [['openai/*'], 'openai/gpt-4o', true],
    [['openai/*'], 'openai/', false],
    [['openai/*'], 'openai', false],
    [['openai/*'], 'openai-evil/gpt-4o', false],
    [['openrouter/openai/*'], 'openrouter/openai/gpt-4o', true],
    [['*'], 'anything', true],
    [['all-team-models'], 'anything', true],
    [['all-proxy-models'], 'anything', true],
    [['gpt-4o', 'all-team-models'], 'anything', true],
    [['no-default-models'], 'anything', false],
    [['no-default-models'], 'no-default-models', false],
    [['no-default-models', 'all-team-models'], 'anything', false],
    [['no-default-models', 'gpt-4o'], 'gpt-4o', true],
    [['gpt-*'], 'gpt-4o', false],
    [['gpt-4o', 'openai/*'], 'openai/a,secret', true],
  ])('%j allows %p: %p', (models, model, expected) => expect(listAllows(models, model)).toBe(expected));

  it('of two levels allows what both allow, in any order', () => {
    fc.assert(
      fc.property(list, list, name, (key, workspace, model) => {
        const both = listAllows(key, model) && listAllows(workspace, model);
        expect(listsAllow([key, workspace], model)).toBe(both);
        expect(listsAllow([workspace, key], model)).toBe(both);
      }),
    );
  });

  it('only grows with an entry more, unless it was unrestricted or the entry forbids', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), entry, name, (models, more, model) => {
        fc.pre(more !== 'no-default-models');
        if (listAllows(models, model)) expect(listAllows([...models, more], model)).toBe(true);
      }),
    );
  });

  it('allows the same in any order and with doubled entries', () => {
    fc.assert(
      fc.property(list, name, (models, model) => {
        expect(listAllows([...models].reverse(), model)).toBe(listAllows(models, model));
        expect(listAllows([...models, ...models], model)).toBe(listAllows(models, model));
      }),
    );
  });

  it('allows the same when it is long', () => {
    const others = Array.from({ length: 40 }, (_, index) => `OTHER-${index}${index % 2 === 0 ? '' : '/*'}`);
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), name, (models, model) => {
        expect(listAllows([...models, ...others], model)).toBe(listAllows(models, model));
      }),
    );
    expect(listAllows(others, 'OTHER-0')).toBe(true);
    expect(listAllows(others, 'OTHER-1/x')).toBe(true);
    expect(listAllows([...others, 'no-default-models'], 'no-default-models')).toBe(false);
  });

  it('with [] is the neutral element', () => {
    fc.assert(
      fc.property(list, name, (models, model) => {
        expect(listsAllow([models, []], model)).toBe(listAllows(models, model));
      }),
    );
  });
});
