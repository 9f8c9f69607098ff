import { homedir } from 'node:os';
import { listFiles, read, root } from './project-files';

const textFile =
  /\.(ts|mjs|cjs|js|py|json|md|yml|yaml|toml|txt|in|sh|sql|svg|html|css)$|(^|\/)(Dockerfile|LICENSE|\.[a-z]+(rc|ignore)?|query-engine|prisma|run)$|\.Dockerfile$/;
const files = listFiles().filter((path) => textFile.test(path) && !path.endsWith('hygiene.spec.ts'));

function filesWith(pattern: RegExp, allowed: RegExp[] = []): string[] {
  return files.filter(
    (path) => !allowed.some((exception) => exception.test(path)) && pattern.test(read(path)),
  );
}

const quote = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

describe('the tree', () => {
  it('was read', () => {
    expect(files.length).toBeGreaterThan(200);
  });

  it('names no path of the machine that it was written on', () => {
    const here = [root, homedir()]
      .filter((path) => path.length > 5)
      .map((path) => new RegExp(`${quote(path)}(?![\\w-])`));
    for (const pattern of [...here, /\/home\/[a-z]+\/|\/Users\/[A-Za-z]+\//])
      expect(filesWith(pattern)).toEqual([]);
  });

  it('names no host of a package registry', () => {
    const hosts = [
      'registry.npmjs',
      'npmjs.org',
      'pypi.org',
      'pythonhosted',
      'deb.debian',
      'crates.io',
      'proxy.golang',
    ];
    for (const host of hosts) expect(filesWith(new RegExp(quote(host)))).toEqual([]);
  });

  it('holds no provider key and no private key', () => {
    expect(filesWith(/\bsk-(proj|ant-api|or-v1)-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY/)).toEqual(
      [],
    );
  });

  it('leaves no note for later in the code', () => {
    expect(filesWith(/\b(TODO|FIXME|XXX)\b/, [/\.md$/])).toEqual([]);
  });

  it('has no focused or skipped test', () => {
    const specs = files.filter((path) => /[.-]spec\.ts$/.test(path));
    expect(
      specs.filter((path) => /\b(it|test|describe)\.(only|skip|todo)\b|\bf(it|describe)\(/.test(read(path))),
    ).toEqual([]);
  });
});
