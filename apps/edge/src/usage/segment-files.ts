import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateLease } from '../state/state-lease';

const segmentName = /^(.+)\.(\d{8})\.jsonl$/;

/** The files of the spool: `<owner's id>.<number>.jsonl`. A file belongs to the process that its name names. */
export class SegmentFiles {
  private next = 0;

  constructor(
    private readonly dir: string,
    private readonly lease: StateLease,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
  }

  newPath(): string {
    this.next += 1;
    return join(this.dir, `${this.lease.ownerId}.${String(this.next).padStart(8, '0')}.jsonl`);
  }

  /**
   * Takes over what dead processes left behind. Of two that try at once one gets a file, for the second finds nothing to rename.
   * @returns the new paths, oldest first
   */
  async adoptOrphans(): Promise<string[]> {
    const files = (await readdir(this.dir)).flatMap((name) => {
      const [, owner, number] = segmentName.exec(name) ?? [];
      return owner && number && owner !== this.lease.ownerId ? [{ name, owner, number }] : [];
    });
    if (files.length === 0) return [];
    const live = await this.lease.liveOwners();
    const orphans = files.filter(({ owner }) => !live.has(owner));
    orphans.sort((one, other) => one.number.localeCompare(other.number));
    const adopted: string[] = [];
    for (const { name } of orphans) {
      const path = this.newPath();
      const isMine = await rename(join(this.dir, name), path).then(
        () => true,
        () => false,
      );
      if (isMine) adopted.push(path);
    }
    for (const owner of new Set(orphans.map((one) => one.owner))) await this.lease.bury(owner);
    return adopted;
  }
}
