import type { NamedKey } from '@signalbox/common';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { envelopeKeyId, openEnvelope, sealEnvelope } from './envelope';

const newKey: NamedKey = { kid: 'k2', key: Buffer.alloc(32, 2) };
const oldKey: NamedKey = { kid: 'k1', key: Buffer.alloc(32, 1) };
const ring = [newKey, oldKey];
const place = 'org_a/credentials/OPENAI__1';
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ';

describe('an envelope', () => {
  it('opens to what was sealed, at its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string(), (value, anyPlace) => {
        const text = sealEnvelope(ring, value, anyPlace);
        expect(openEnvelope(ring, text, anyPlace)).toEqual({ isOpen: true, value });
      }),
    );
  });

  it('is sealed with the first key of the ring, and opened with any', () => {
    const text = sealEnvelope([oldKey], 'sk-secret', place);
    expect(envelopeKeyId(text)).toBe('k1');
    expect(openEnvelope(ring, text, place)).toEqual({ isOpen: true, value: 'sk-secret' });
    expect(envelopeKeyId(sealEnvelope(ring, 'sk-secret', place))).toBe('k2');
  });

  it('has a form that is documented, and shows nothing of the value', () => {
    const text = sealEnvelope(ring, 'sk-secret', place);
    expect(text).toMatch(/^e1\.k2\.[\w-]{80}\.[\w-]{16}\.[\w-]+$/);
    expect(Buffer.from(text.replaceAll('.', ''), 'base64url').includes('sk-secret')).toBe(false);
  });

  it('has a data key of its own, so the same value never looks the same', () => {
    const texts = Array.from({ length: 50 }, () => sealEnvelope(ring, 'sk-secret', place));
    expect(new Set(texts.flatMap((text) => text.split('.').slice(2))).size).toBe(150);
  });

  it('does not open with any single character changed, added or left out', () => {
    const text = sealEnvelope(ring, `sk-${randomBytes(20).toString('hex')}`, place);
    const changes = fc.record({
      index: fc.nat({ max: text.length - 1 }),
      character: fc.constantFrom(...alphabet),
      how: fc.constantFrom('replace', 'insert', 'remove'),
    });
    fc.assert(
      fc.property(changes, ({ index, character, how }) => {
        const before = text.slice(0, index);
        const after = text.slice(how === 'insert' ? index : index + 1);
        const changed = before + (how === 'remove' ? '' : character) + after;
        fc.pre(changed !== text);
        expect(openEnvelope(ring, changed, place).isOpen).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not open at every position with every other character of the alphabet', () => {
    const text = sealEnvelope(ring, 'sk-0', place);
    for (let index = 0; index < text.length; index += 1) {
      for (const character of alphabet) {
        if (text[index] === character) continue;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        expect([changed, openEnvelope(ring, changed, place).isOpen]).toEqual([changed, false]);
      }
    }
  });

  it('does not open in another row', () => {
    const names = fc.tuple(fc.string(), fc.string()).filter(([from, to]) => from !== to);
    fc.assert(
      fc.property(names, ([from, to]) => {
        const text = sealEnvelope(ring, 'sk-secret', from);
        expect(openEnvelope(ring, text, to)).toEqual({ isOpen: false, reason: 'damaged', keyId: 'k2' });
      }),
    );
  });

  it('cannot be made of parts of two others', () => {
    const one = sealEnvelope(ring, 'sk-one', place).split('.');
    const other = sealEnvelope(ring, 'sk-other', place).split('.');
    for (const index of [2, 3, 4]) {
      const mixed = one.map((part, position) => (position === index ? other[index] : part)).join('.');
      expect(openEnvelope(ring, mixed, place).isOpen).toBe(false);
    }
  });

  it('says which key it needs when the ring lacks it, or has another of that name', () => {
    const text = sealEnvelope([oldKey], 'sk-secret', place);
    expect(openEnvelope([newKey], text, place)).toEqual({
      isOpen: false,
      reason: 'unknown_key',
      keyId: 'k1',
    });
    const namesake = { kid: 'k1', key: Buffer.alloc(32, 9) };
    expect(openEnvelope([namesake], text, place)).toEqual({ isOpen: false, reason: 'damaged', keyId: 'k1' });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), (text) => !openEnvelope(ring, text, place).isOpen));
    const parts = fc.array(fc.constantFrom('e1', 'k1', 'k2', 'AAAA', '', 'A'.repeat(80), 'A'.repeat(16)));
    fc.assert(fc.property(parts, (made) => !openEnvelope(ring, made.join('.'), place).isOpen));
  });
});
