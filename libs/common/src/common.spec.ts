import fc from 'fast-check';
import {
  AppError,
  createLogger,
  decodeCursor,
  decodeIdCursor,
  encodeCursor,
  isId,
  newId,
  parseDurationMs,
  redact,
  seal,
  toPage,
  unseal,
} from './index';

const keys = [
  { kid: 'new', key: Buffer.alloc(32, 1) },
  { kid: 'old', key: Buffer.alloc(32, 2) },
];

describe('ids', () => {
  it('sort by the time at which they were made', () => {
    const ids = [5, 4, 3, 2, 1].map((step) => newId('virtualKey', 1_700_000_000_000 + step));
    expect([...ids].sort()).toEqual([...ids].reverse());
  });

  it('sort in the order in which they were made within one millisecond, too', () => {
    const ids = Array.from({ length: 1_000 }, () => newId('virtualKey', 1_700_000_000_000));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tell their kind', () => {
    expect(isId('virtualKey', newId('virtualKey'))).toBe(true);
    expect(isId('workspace', newId('virtualKey'))).toBe(false);
    expect(isId('workspace', "ws_' OR 1=1")).toBe(false);
  });
});

describe('cursors', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.string(), (position) => {
        fc.pre(!position.includes('\0'));
        expect(decodeCursor(encodeCursor(position))).toBe(position);
      }),
    );
  });

  it('refuse what we did not make', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.startsWith('YzE6'));
        expect(() => decodeCursor(text)).toThrow(AppError);
      }),
    );
  });

  it('refuse a position that no row can have', () => {
    expect(() => decodeCursor(encodeCursor('a\0b'))).toThrow(AppError);
    expect(() => decodeIdCursor('workspace', encodeCursor(newId('virtualKey')))).toThrow(AppError);
    expect(decodeIdCursor('workspace', undefined)).toBeNull();
  });

  it('point at the last shown row only when there is more', () => {
    expect(
      toPage(
        ['a', 'b', 'c'],
        2,
        (row) => row,
        (row) => row,
      ),
    ).toEqual({
      data: ['a', 'b'],
      next_cursor: encodeCursor('b'),
    });
    expect(
      toPage(
        ['a', 'b'],
        2,
        (row) => row,
        (row) => row,
      ).next_cursor,
    ).toBeNull();
  });
});

describe('sealed values', () => {
  it('open with any key of the ring, in their own place only', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const sealed = seal([keys[1]!], text, 'row:1');
        expect(unseal(keys, sealed, 'row:1')).toBe(text);
        expect(unseal(keys, sealed, 'row:2')).toBeNull();
        expect(unseal([keys[0]!], sealed, 'row:1')).toBeNull();
      }),
    );
  });

  it('do not open once changed', () => {
    const sealed = seal(keys, 'sk-provider', 'row:1');
    const changed = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(unseal(keys, changed, 'row:1')).toBeNull();
    expect(unseal(keys, 'nonsense', 'row:1')).toBeNull();
  });
});

describe('log', () => {
  it('holds no secret and the fields of its parents', () => {
    const lines: string[] = [];
    const log = createLogger('info', { process: 'api' }, (line) => lines.push(line)).child({
      request_id: 'req_1',
    });
    log.debug('not shown');
    log.error('refused', { error: new Error('Bearer sbt_abcdefghijklmnop at redis://:geheim@localhost:1') });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/abcdefghijk|geheim/);
    expect(JSON.parse(lines[0]!)).toMatchObject({ process: 'api', request_id: 'req_1', level: 'error' });
  });

  it.each([
    'sk-sb-0123456789abcdef',
    'Authorization: Bearer abcdefghijkl',
    'postgres://u:pass%20word@h/db',
    'AIzaSyA0123456789abcdefghijklmnop',
    'gsk_0123456789abcdefghij',
    'hf_0123456789abcdefghij',
    'pplx-0123456789abcdefghij',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    'GET /keys/whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'tgp_v1_0123456789abcdefghij',
    'AQ.Ab8RN6I0123456789abcdefghij',
  ])('redacts %s', (text) => {
    expect(redact(text)).toContain('[redacted]');
  });

  it('redacts behind anything that comes before it', () => {
    const secrets = [
      'sk-sb-0123456789abcdef',
      'bEARER  abcdefghijkl',
      'sb1.0123456789abcdefghijk',
      'sbt_0123456789',
      'ghp_0123456789ab',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.',
    ];
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...secrets),
        fc.constantFrom(' ', '"', '/', '.'),
        (text, secret, mark) => {
          expect(redact(text + mark + secret)).not.toContain(secret);
        },
      ),
    );
  });

  it('changes its level, and that of its children, while it runs', () => {
    const lines: string[] = [];
    const log = createLogger('warn', {}, (line) => lines.push(line));
    const child = log.child({ part: 'x' });
    child.info('too quiet');
    log.setLevel('debug');
    child.debug('heard');
    expect(log.level()).toBe('debug');
    log.setLevel('silent');
    child.error('too late');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: 'heard', part: 'x', level: 'debug' },
    ]);
  });

  it('shows errors and large numbers wherever they are', () => {
    const lines: string[] = [];
    createLogger('info', {}, (line) => lines.push(line)).info('x', { a: { b: new Error('inner') }, n: 7n });
    expect(JSON.parse(lines[0]!)).toMatchObject({ a: { b: { message: 'inner' } }, n: '7' });
  });

  it('redacts a secret whole, also with the signs of base64', () => {
    expect(redact('/keys/whsec_Ab/cd+Efgh0123456789== and more')).toBe('/keys/whsec_[redacted] and more');
  });
});

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['15m', 900_000],
    ['2w', 1_209_600_000],
  ])('%s', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  it.each(['', '0d', '-1', '1mo', '1.5h', '99999999d'])('refuses %p', (text) => {
    expect(() => parseDurationMs(text)).toThrow(AppError);
  });
});
