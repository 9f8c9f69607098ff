import fc from 'fast-check';
import { parseLeaseRequest } from './lease-request';

const parse = (text: string): unknown => parseLeaseRequest(Buffer.from(text));

describe('the body of a lease request', () => {
  it('names a credential and a key, and nothing else', () => {
    expect(parse('{"credential_id":"cred_1","key_hash":"ab"}')).toEqual({
      credentialId: 'cred_1',
      keyHash: 'ab',
    });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '{"credential_id":"cred_1"}',
    '{"credential_id":"cred_1","key_hash":""}',
    '{"credential_id":"cred_1","key_hash":["ab"]}',
    '{"credential_id":"cred_1","key_hash":"ab","organization_id":"org_1"}',
    `{"credential_id":"${'c'.repeat(129)}","key_hash":"ab"}`,
  ])('is refused: %s', (text) => {
    expect(parse(text)).toBeNull();
  });

  it('never throws, and takes nothing but two short texts', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          fc.json().map((json) => `{"key_hash":"ab","credential_id":${json}}`),
        ),
        (text) => {
          const request = parseLeaseRequest(Buffer.from(text));
          if (request === null) return;
          expect(Object.keys(request)).toEqual(['credentialId', 'keyHash']);
          for (const value of Object.values(request)) {
            expect(typeof value).toBe('string');
            expect(value.length).toBeGreaterThan(0);
            expect(value.length).toBeLessThanOrEqual(128);
          }
        },
      ),
    );
  });
});
