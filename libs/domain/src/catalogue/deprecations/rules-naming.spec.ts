import { placesNaming } from './rules-naming';

it('finds a model wherever rules name it, as a value and as what is asked for', () => {
  const rules = {
    power_level: 'eco',
    groups: { smart: { models: ['gpt-4', 'other'] }, cheap: { models: ['other'] } },
    cascades: { 'gpt-4': ['other'], other: ['x', 'gpt-4'], '*': ['x'] },
    aliases: { fast: 'gpt-4', slow: 'gpt-4-32k' },
    levels: { eco: { models: ['gpt-4'] } },
    classification_model: 'gpt-4',
  };
  expect(placesNaming(rules, new Set(['gpt-4']))).toEqual([
    'aliases.fast',
    'cascades.gpt-4',
    'cascades.other',
    'classification_model',
    'groups.smart.models',
    'levels.eco.models',
  ]);
  expect(placesNaming(rules, new Set(['nobody']))).toEqual([]);
  // A field of the rules themselves is no model, whatever a model is called.
  expect(placesNaming({ groups: {} }, new Set(['groups']))).toEqual([]);
});
