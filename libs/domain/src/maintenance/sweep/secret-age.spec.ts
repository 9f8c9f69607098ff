import { newId } from '@signalbox/common';
import fc from 'fast-check';
import { namedAtMs } from './secret-age';

it('the name of a secret tells when it was made', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
      const body = newId('credentialVersion', ms).slice('cver_'.length);
      expect(namedAtMs(`OPENAI__${body}`.toUpperCase())).toBe(ms);
      expect(namedAtMs(`OPENAI_COMPATIBLE__${body}`.toUpperCase())).toBe(ms);
    }),
  );
});

it.each(['OPENAI', 'OPENAI__', 'OPENAI_KEY__OF_ACME', '__', `OPENAI__${'U'.repeat(26)}`])(
  '%s is none of ours',
  (name) => expect(namedAtMs(name)).toBeNull(),
);
