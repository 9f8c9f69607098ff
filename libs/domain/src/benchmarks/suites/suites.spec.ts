import { createHash } from 'node:crypto';
import { suites } from './suites';
import { taskCategories } from './task.types';

/** A suite that has run is never changed: give the new one another version, and its fingerprint here. */
const fingerprints: Record<string, string> = {
  'general-1': '80976872be637aed',
  'quick-1': 'ec35ef78d72b5dd7',
};

it.each(suites.map((suite) => [suite.id, suite] as const))('%s is what it was', (id, { tasks }) => {
  const fingerprint = createHash('sha256').update(JSON.stringify(tasks)).digest('hex').slice(0, 16);
  expect(fingerprint).toBe(fingerprints[id]);
});

it.each(suites.map((suite) => [suite.id, suite] as const))(
  '%s has tasks of every category, each under a name of its own, with a weight and a bound',
  (_id, { tasks }) => {
    expect(new Set(tasks.map(({ category }) => category))).toEqual(new Set(taskCategories));
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
    for (const { weight, maxTokens } of tasks) {
      expect(weight).toBeGreaterThan(0);
      expect(maxTokens).toBeGreaterThanOrEqual(256);
    }
  },
);
