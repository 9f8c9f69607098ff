import { openFernetToken, parseFernetKey, type FernetKey } from './fernet';

/** The secret of every vector of the specification. */
const specKey = parseFernetKey('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=') as FernetKey;
const otherKey = parseFernetKey(Buffer.alloc(32, 7).toString('base64url')) as FernetKey;
const hello =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';

describe('a Fernet token', () => {
  it("opens: the specification's vector", () => {
    expect(openFernetToken([specKey], hello)).toBe('hello');
    expect(openFernetToken([specKey], hello.replaceAll('=', ''))).toBe('hello');
  });

  it('opens with any key of a ring', () => {
    expect(openFernetToken([otherKey, specKey], hello)).toBe('hello');
    expect(openFernetToken([otherKey], hello)).toBeNull();
    expect(openFernetToken([], hello)).toBeNull();
  });

  it.each([
    [
      'incorrect mac',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
    ],
    ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='],
    [
      'invalid base64',
      '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    ],
    [
      'payload size not multiple of block size',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
    ],
    [
      'payload padding error',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
    ],
    [
      'incorrect IV (causes padding error)',
      'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
    ],
  ])("does not open: the specification's %s", (_why, token) => {
    expect(openFernetToken([specKey], token)).toBeNull();
  });

  it('opens however old it is: what was kept in it does not expire', () => {
    const expired =
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==';
    expect(openFernetToken([specKey], expired)).toBe('');
  });

  it('opens when Python made it', () => {
    const token =
      'gAAAAABrAYy7ynQA7JSwjcfGss4UKC7k-yOhhWc7PagQklS2-1ByamVC-eKHOFbWfVwFpLOhSELq2F58IA35XkzrPRY0PI4sPiYt58IkTUaG1_dZeL0R3I8=';
    expect(openFernetToken([specKey], token)).toBe('sk-imported-by-python-0001');
  });

  it('does not open with any bit changed', () => {
    const bytes = Buffer.from(hello, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openFernetToken([specKey], changed.toString('base64url'))).toBeNull();
    }
  });
});

describe('a Fernet key', () => {
  it.each(['', 'short', 'x'.repeat(100), '%%%%', Buffer.alloc(33).toString('base64url')])(
    'is not %j',
    (text) => expect(parseFernetKey(text)).toBeNull(),
  );
});
