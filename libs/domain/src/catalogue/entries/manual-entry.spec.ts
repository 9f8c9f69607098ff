import type { CatalogueSource, EntryContent } from '../merge/catalogue.types';
import { blankEntry, isManual, withManualChange } from './manual-entry';

const [then, now] = ['2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'];
const from = (source: CatalogueSource) => ({ source, at: then });
const ofSync: EntryContent = {
  ...blankEntry('acme/model'),
  status: 'deprecated',
  fields: { tools: true },
  provenance: {
    name: from('openrouter'),
    vendor: from('openrouter'),
    mode: from('openrouter'),
    tools: from('openrouter'),
    expires_on: from('openrouter'),
  },
  expiresOn: '2027-01-31',
};
const renamed = withManualChange(ofSync, { name: 'Ours' }, now);
const byHand = withManualChange(blankEntry('a/b'), { name: 'b', vendor: 'a', mode: 'chat' }, now);

it('an entry of a sync stays one when a person renames it, and its name can be taken back', () => {
  expect(renamed).toMatchObject({ name: 'Ours', provenance: { name: { source: 'manual', at: now } } });
  expect([isManual(ofSync), isManual(renamed), isManual(byHand)]).toEqual([false, false, true]);
  const taken = withManualChange(renamed, { name: null }, now);
  expect(taken.provenance['name']).toBeUndefined();
  expect(isManual(taken)).toBe(false);
});

it('what a sync said is not taken back with what a person said', () => {
  const change = { name: null, vendor: null, mode: null, expiresOn: null, fields: { tools: null } };
  expect(withManualChange(ofSync, change, now)).toEqual(ofSync);
});

it('an end by hand is taken back; a name by hand of an entry by hand stays', () => {
  const ending = withManualChange(byHand, { expiresOn: '2027-03-31' }, now);
  expect(ending.status).toBe('deprecated');
  const taken = withManualChange(ending, { expiresOn: null, name: null }, now);
  expect(taken).toEqual(byHand);
});

it('a name by hand is taken back once a source knows the model too', () => {
  const fields = { tools: true };
  const known = { ...byHand, fields, provenance: { ...byHand.provenance, tools: from('openrouter') } };
  expect(withManualChange(known, { name: null }, now).provenance['name']).toBeUndefined();
});
