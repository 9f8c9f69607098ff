// node keep-dependencies.mjs IMAGE FOLDER
// Leaves in FOLDER/package.json only what the image needs, so that `npm prune --omit=dev` removes the rest.
// Versions stay those of the lock file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [image, folder] = process.argv.slice(2);
const wanted = JSON.parse(readFileSync(new URL('./runtime-dependencies.json', import.meta.url), 'utf8'))[
  image
];
if (!wanted || !folder) {
  console.error('usage: node keep-dependencies.mjs api|worker|edge|runner FOLDER');
  process.exit(1);
}

const path = join(folder, 'package.json');
const manifest = JSON.parse(readFileSync(path, 'utf8'));
const unknown = wanted.filter((name) => !(name in manifest.dependencies));
if (unknown.length > 0) {
  console.error(
    `runtime-dependencies.json names packages that package.json does not have: ${unknown.join(', ')}`,
  );
  process.exit(1);
}
manifest.dependencies = Object.fromEntries(wanted.map((name) => [name, manifest.dependencies[name]]));
delete manifest.devDependencies;
delete manifest.scripts;
writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
