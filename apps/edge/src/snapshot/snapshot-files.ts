import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedKey } from '@signalbox/common';
import { AuthenticFiles } from './authentic-file';

const temporarySuffix = '.tmp';
/** No writing takes so long: its process was killed. */
const abandonedAfterMs = 10 * 60_000;

export type SnapshotFile = 'projection' | 'state' | 'credentials';

/** `<state dir>/snapshot-<what>.json`. All processes of the edge read them, one writes. */
export class SnapshotFiles {
  private readonly files: AuthenticFiles;

  constructor(
    private readonly dir: string,
    private readonly edgeId: string,
    readonly keys: readonly NamedKey[],
  ) {
    this.files = new AuthenticFiles(keys);
  }

  path(file: SnapshotFile): string {
    return join(this.dir, `snapshot-${file}.json`);
  }

  /** @returns the mac, which names exactly this content */
  write(file: SnapshotFile, chunks: Iterable<string>): Promise<string> {
    const path = this.path(file);
    return this.files.write(path, `${path}.${this.edgeId}${temporarySuffix}`, chunks);
  }

  read(file: SnapshotFile): ReturnType<AuthenticFiles['read']> {
    return this.files.read(this.path(file));
  }

  /** What killed processes left half written. */
  async sweep(): Promise<void> {
    const names = (await readdir(this.dir)).filter(
      (name) => name.startsWith('snapshot-') && name.endsWith(temporarySuffix),
    );
    for (const name of names) {
      const path = join(this.dir, name);
      const { mtimeMs } = await stat(path);
      if (Date.now() - mtimeMs > abandonedAfterMs) await unlink(path);
    }
  }
}
