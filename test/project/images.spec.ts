import { compose } from './compose-file';
import { exists, listFiles, matches, read } from './project-files';

const dockerfiles = ['infra/docker/Dockerfile', 'infra/docker/litellm.Dockerfile'];
const wantedOf = JSON.parse(read('infra/docker/runtime-dependencies.json')) as Record<string, string[]>;
const installed = Object.keys((JSON.parse(read('package.json')) as { dependencies: object }).dependencies);

/** Loaded by NestJS by name, not by an import of ours. */
const impliedBy: Record<string, string[]> = {
  '@nestjs/core': ['@nestjs/common', 'reflect-metadata', 'rxjs'],
  '@nestjs/swagger': ['@nestjs/platform-express', 'class-transformer', 'class-validator'],
};

function packageOf(specifier: string): string {
  const [scope, name] = specifier.split('/');
  return scope!.startsWith('@') ? `${scope}/${name}` : scope!;
}

/** The text without imports that only bring types, which leave nothing in the compiled file. */
function withoutTypes(source: string): string {
  return source.replaceAll(/^(import|export) type [^;]*;/gm, '');
}

function importsOf(path: string): string[] {
  return matches(withoutTypes(read(path)), /(?:\bfrom\s+|\bimport\s+|\bimport\(|\brequire\()'([^']+)'/g);
}

function importedBy(...sourceFolders: string[]): string[] {
  const files = sourceFolders
    .flatMap(listFiles)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('spec.ts'));
  const specifiers = files.flatMap(importsOf).filter((name) => !/^(\.|node:|@signalbox\/)/.test(name));
  const packages = specifiers.map(packageOf);
  const implied = packages.flatMap((name) => impliedBy[name] ?? []);
  return [...new Set([...packages, ...implied])].sort();
}

describe('the Dockerfiles', () => {
  it.each(dockerfiles)('%s copies only what exists', (dockerfile) => {
    const copies = matches(read(dockerfile), /^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm).flatMap((text) =>
      text.split(' '),
    );
    expect(copies.length).toBeGreaterThan(3);
    expect(copies.filter((path) => !exists(path))).toEqual([]);
  });

  it.each(dockerfiles)('%s ends each image as a plain user and brings no secret', (dockerfile) => {
    const text = read(dockerfile);
    expect(matches(text, /^USER (\S+)$/gm).at(-1)).toMatch(/^(node|\d+:\d+)$/);
    expect(text).not.toMatch(/^(ARG|ENV)\s.*(PASSWORD|TOKEN|SECRET|_KEY)/m);
    expect(text).toMatch(/^HEALTHCHECK/m);
  });

  it('have the targets that docker-compose.yml builds', () => {
    const builds = Object.values(compose.services).flatMap((service) => service.build ?? []);
    expect(builds.length).toBeGreaterThan(4);
    for (const { dockerfile, target } of builds)
      expect(read(dockerfile)).toMatch(new RegExp(` AS ${target}$`, 'm'));
  });

  it('start files that the sources compile to', () => {
    const started = dockerfiles.flatMap((path) => matches(read(path), /"dist\/([^"]+)\.js"/g));
    expect(started).toHaveLength(3);
    expect(started.filter((path) => !exists(`${path}.ts`))).toEqual([]);
    expect(exists('apps/api/src/cli.ts')).toBe(true);
    expect(exists('litellm/runner/main.py')).toBe(true);
  });

  it('share one pinned Node.js, on which an app finds its own version', () => {
    const images = dockerfiles.flatMap((path) => matches(read(path), /^ARG NODE_IMAGE=node:(\S+)$/gm));
    expect(images).toHaveLength(2);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^24\.\d+\.\d+-bookworm-slim$/);
    expect(read('infra/docker/Dockerfile')).toMatch(/AS runtime[\s\S]*^COPY --chmod=0444 package\.json /m);
  });

  it('bring the libraries that the edge reaches', () => {
    const reached = new Set<string>();
    const look = (folder: string): void => {
      const sources = listFiles(folder).filter((path) => path.endsWith('.ts') && !path.endsWith('spec.ts'));
      for (const name of sources
        .flatMap(importsOf)
        .flatMap((one) => matches(one, /^@signalbox\/([a-z-]+)/g))) {
        if (reached.has(name)) continue;
        reached.add(name);
        look(`libs/${name}`);
      }
    };
    look('apps/edge');
    const edge = read('infra/docker/Dockerfile').split(' AS edge\n')[1] ?? '';
    expect(matches(edge, /dist\/libs\/([a-z-]+) dist/g).sort()).toEqual([...reached].sort());
  });

  it('are built from the LiteLLM version that is pinned', () => {
    const pinned = matches(read('litellm/requirements.in'), /^litellm\[proxy\]==(\S+)$/gm);
    expect(matches(read('infra/docker/litellm.Dockerfile'), /^ARG LITELLM_IMAGE=\S+:v(\S+)$/gm)).toEqual(
      pinned,
    );
  });
});

describe('infra/docker/runtime-dependencies.json', () => {
  it('names installed packages only', () => {
    expect(
      Object.values(wantedOf)
        .flat()
        .filter((name) => !installed.includes(name)),
    ).toEqual([]);
  });

  it.each([
    ['edge', ['apps/edge', 'libs/common', 'libs/config', 'libs/egress', 'libs/gateway']],
    ['api', ['apps/api', 'libs']],
    ['worker', ['apps/worker', 'libs']],
  ])('names what the %s imports', (image, sources) => {
    expect(wantedOf[image]).toEqual(importedBy(...sources));
  });
});

describe('.dockerignore', () => {
  it('lets in what the Dockerfiles copy, and no more than source folders and manifests', () => {
    const letIn = matches(read('.dockerignore'), /^!(\S+)$/gm);
    const copied = dockerfiles
      .flatMap((path) => matches(read(path), /^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm))
      .flatMap((text) => text.split(' '))
      .map((path) => path.split('/')[0]);
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(new Set(copied)).toEqual(new Set(letIn));
  });
});
