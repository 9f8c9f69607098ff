import fc from 'fast-check';
import { checkUrl } from './check-url';

const publicResolver = (): Promise<string[]> => Promise.resolve(['93.184.216.34', '2606:2800:220:1::1']);
const nothingAllowed = { allowedHosts: [], resolve: publicResolver };

async function reasonOf(
  url: string,
  policy: Parameters<typeof checkUrl>[1] = nothingAllowed,
): Promise<string> {
  const verdict = await checkUrl(url, policy);
  return verdict.ok ? 'ok' : verdict.reason;
}

describe('checkUrl', () => {
  it.each([
    'https://api.example.com/v1',
    'https://llm.example.org:8080/v1',
    'https://api.example.com./v1',
    'https://bücher.example/v1',
    'https://8.8.8.8/v1',
    'https://[2606:4700::1111]/v1',
  ])('allows %s', async (url) => {
    expect(await reasonOf(url)).toBe('ok');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://0/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://%31%32%37.0.0.1/',
    'http://127。0。0。1/',
    'http://１２７.0.0.1/',
    'http://①②⑦.0.0.1/',
    'http://127.0.0.1./',
    'http://[::1]/',
    'http://[::]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://3232235777/',
    'http://0xC0.0xA8.1.1/',
  ])('refuses the address in %s', async (url) => {
    expect(await reasonOf(url)).toBe('forbidden_address');
  });

  it.each([
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://ｌｏｃａｌｈｏｓｔ/',
    'http://metadata.google.internal/',
    'http://metadata.google.internal./computeMetadata/v1/',
    'http://metadata/',
    'http://redis/',
    'http://host.docker.internal/',
    'http://printer.local/',
    'http://x.localdomain/',
    'http://router.home.arpa/',
  ])('refuses the name in %s', async (url) => {
    expect(await reasonOf(url)).toBe('forbidden_host');
  });

  it.each([
    ['', 'invalid_url'],
    ['not a url', 'invalid_url'],
    ['file:///etc/passwd', 'invalid_url'],
    ['gopher://example.com/', 'invalid_url'],
    ['ftp://example.com/', 'invalid_url'],
    ['//example.com/', 'invalid_url'],
    ['http:///', 'invalid_url'],
    ['http://exa\nmple.com/', 'invalid_url'],
    ['http://example.com\\@127.0.0.1/', 'invalid_url'],
    ['http://example.com\u0000/', 'invalid_url'],
    ['http://127.0.0.256/', 'invalid_url'],
    ['http://user@example.com/', 'credentials_in_url'],
    ['http://example.com@127.0.0.1/', 'credentials_in_url'],
    ['http://:secret@example.com/', 'credentials_in_url'],
    ['http://example.com/v1', 'unencrypted'],
    ['http://8.8.8.8/v1', 'unencrypted'],
    ['http://example.com:22/', 'forbidden_port'],
    ['http://example.com:6379/', 'forbidden_port'],
    ['http://example.com:5432/', 'forbidden_port'],
    ['http://example.com:25/', 'forbidden_port'],
  ])('refuses %j as %s', async (url, reason) => {
    expect(await reasonOf(url)).toBe(reason);
  });

  it('refuses a name when any of its addresses is private', async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(['93.184.216.34', '10.0.0.1']);
    expect(await reasonOf('https://mixed.example.com/', { allowedHosts: [], resolve })).toBe(
      'forbidden_address',
    );
  });

  it('says of an unknown name that it is unresolved', async () => {
    const unknown = (): Promise<string[]> =>
      Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    expect(await reasonOf('https://gone.example.com/', { allowedHosts: [], resolve: unknown })).toBe(
      'unresolved',
    );
    const empty = (): Promise<string[]> => Promise.resolve([]);
    expect(await reasonOf('https://gone.example.com/', { allowedHosts: [], resolve: empty })).toBe(
      'unresolved',
    );
  });

  it('says what to do', async () => {
    expect(await checkUrl('http://10.0.0.1/', nothingAllowed)).toMatchObject({
      message: expect.stringContaining('SIGNALBOX_ALLOWED_HOSTS') as string,
    });
  });

  it('allows what the operator allows, and nothing beside it', async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(['10.1.2.3']);
    const allowing = (...allowedHosts: string[]) => ({ allowedHosts, resolve });
    expect(await reasonOf('http://ollama:11434/', allowing('ollama'))).toBe('ok');
    expect(await reasonOf('http://OLLAMA.:11434/', allowing('ollama'))).toBe('ok');
    expect(await reasonOf('http://ollama:11434/', allowing('ollama:11434'))).toBe('ok');
    expect(await reasonOf('http://ollama:11435/', allowing('ollama:11434'))).toBe('forbidden_host');
    expect(await reasonOf('http://x.ollama:11434/', allowing('ollama'))).toBe('forbidden_address');
    expect(await reasonOf('http://llm.corp.example/', allowing('10.1.0.0/16'))).toBe('ok');
    expect(await reasonOf('http://llm.corp.example/', allowing('10.2.0.0/16'))).toBe('forbidden_address');
    expect(await reasonOf('http://0x0a010203/', allowing('10.1.0.0/16'))).toBe('ok');
    expect(await reasonOf('http://127.0.0.1:8080/', allowing('127.0.0.1'))).toBe('ok');
    expect(await reasonOf('http://127.0.0.2:8080/', allowing('127.0.0.1'))).toBe('forbidden_address');
    expect(await reasonOf('http://[::1]:8080/', allowing('[::1]:8080'))).toBe('ok');
    expect(await reasonOf('http://[fd00::5]/', allowing('fd00::/8'))).toBe('ok');
    expect(await reasonOf('http://redis:6379/', allowing('redis'))).toBe('ok');
  });

  const privateIpv4 = fc
    .tuple(fc.constantFrom(10, 127, 0, 224, 255), fc.nat(255), fc.nat(255), fc.nat(255))
    .map((parts) => parts as number[]);

  /** Each way in which URLs may spell an IPv4 address: 1 to 4 parts, each decimal, octal or hexadecimal. */
  const spelledIpv4 = fc
    .tuple(
      privateIpv4,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom(10, 8, 16), { minLength: 4, maxLength: 4 }),
      fc.boolean(),
    )
    .map(([bytes, count, bases, hasDot]) => {
      const head = bytes.slice(0, count - 1);
      const tail = bytes.slice(count - 1).reduce((sum, byte) => sum * 256 + byte, 0);
      const prefixes: Record<number, string> = { 10: '', 8: '0', 16: '0x' };
      const spelled = [...head, tail].map((part, index) => {
        const base = bases[index] ?? 10;
        return `${prefixes[base] ?? ''}${part.toString(base)}`;
      });
      return spelled.join('.') + (hasDot ? '.' : '');
    });

  it('refuses private addresses in whatever spelling', async () => {
    await fc.assert(
      fc.asyncProperty(spelledIpv4, async (host) => {
        expect(await reasonOf(`http://${host}/v1`)).toBe('forbidden_address');
      }),
      { numRuns: 500 },
    );
  });

  it('refuses them percent-encoded too', async () => {
    const encode = (text: string): string =>
      [...text].map((char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
    await fc.assert(
      fc.asyncProperty(spelledIpv4, async (host) => {
        expect(await reasonOf(`http://${encode(host)}/`)).toBe('forbidden_address');
      }),
    );
  });
});
