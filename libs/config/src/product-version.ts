import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version in our own package.json, which is some folders above this file in sources, in dist/ and in images. */
export function readProductVersion(from: string = __dirname): string {
  const path = join(from, 'package.json');
  if (existsSync(path)) {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
    if (name === 'signalbox' && version) return version;
  }
  return dirname(from) === from ? 'unknown' : readProductVersion(dirname(from));
}
