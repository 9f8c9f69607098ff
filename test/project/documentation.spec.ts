import { dirname, join, normalize } from 'node:path';
import { exists, folders, listFiles, matches, read } from './project-files';

const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string>; license: string };
const documents = listFiles().filter((path) => path.endsWith('.md'));
/** npm's own commands, and words that follow "npm" in a sentence. */
const npmOwn = new Set([
  'start',
  'test',
  'stop',
  'ci',
  'prune',
  'install',
  'exec',
  'view',
  'packages',
  'registry',
  'package',
]);

/** GitHub's rule for the anchor of a heading. */
function anchorsOf(text: string): string[] {
  return matches(text, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(path: string): string[] {
  const links = matches(read(path).replaceAll(/```[\s\S]*?```/g, ''), /\]\(([^)\s]+)\)/g);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file ? normalize(join(dirname(path), file)) : path;
    if (!exists(target)) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
}

/** Routes of the admin API that a text names, with every id (`$name` in shell lines) as `{id}`. `$api` is the beginning. */
function namedRoutes(text: string): string[] {
  const paths = matches(
    text.replaceAll('$api/', '/api/v1/').replaceAll(/\/\$\w+/g, '/{id}'),
    /\/api\/v1(\/[\w/{}.-]*[\w}])/g,
  );
  return paths.map((path) => path.replaceAll(/\{\w+\}|\.\.\./g, '{id}'));
}

const routes = new Set(
  Object.keys((JSON.parse(read('openapi.json')) as { paths: object }).paths)
    .filter((path) => path.startsWith('/api/v1/'))
    .map((path) => path.slice('/api/v1'.length).replaceAll(/\{\w+\}/g, '{id}')),
);

describe('the documents', () => {
  it.each([
    'README.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'docs/architecture.md',
    'docs/configuration.md',
    'docs/errors.md',
    'docs/adr/README.md',
    'litellm/README.md',
  ])('%s is there', (path) => {
    expect(exists(path)).toBe(true);
  });

  it.each(documents)('%s has no broken link', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });

  it.each(documents)('%s names only commands of package.json', (path) => {
    const text = read(path);
    const named = [...matches(text, /npm run ([a-z:-]+)/g), ...matches(text, /npm (start|test|stop)\b/g)];
    expect(named.filter((name) => !manifest.scripts[name])).toEqual([]);
    const other = matches(text, /(?<![\w-])npm ([a-z]+)(?= |`|$)/gm).filter((name) => name !== 'run');
    expect(other.filter((name) => !npmOwn.has(name))).toEqual([]);
  });

  it.each(documents)('%s names only routes of openapi.json', (path) => {
    expect(namedRoutes(read(path)).filter((route) => !routes.has(route))).toEqual([]);
  });

  it('in README.md, name routes at all', () => {
    expect(namedRoutes(read('README.md')).length).toBeGreaterThan(4);
  });

  it('in README.md, begin with the two commands', () => {
    const commands = matches(read('README.md'), /```(?:sh|bash)\n([\s\S]*?)```/g)[0];
    expect(commands).toMatch(/npm start[\s\S]*npm test/);
  });

  it('list every decision record', () => {
    const records = listFiles('docs/adr').filter((path) => /\/\d{4}-/.test(path));
    expect(records.length).toBeGreaterThan(5);
    for (const path of records) expect(read('docs/adr/README.md')).toContain(`(${path.split('/').at(-1)})`);
  });

  it.each(folders('libs'))('say in libs/%s/README.md what it is and who may import it', (name) => {
    expect(read(`libs/${name}/README.md`)).toMatch(/import/i);
  });
});

describe('package.json', () => {
  it('runs scripts that exist', () => {
    const files = Object.values(manifest.scripts).flatMap((command) =>
      matches(command, /\bscripts\/[\w./-]+\.mjs/g),
    );
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((path) => !exists(path))).toEqual([]);
  });

  it('has the licence of the LICENSE file', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0/);
  });
});
