import { createHmac, hkdfSync, type Hmac } from 'node:crypto';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalInConstantTime, type NamedKey } from '@signalbox/common';

/** 100,000 keys take about 60 MB. More than this is no file of ours. */
const bytesLimit = 1024 * 1024 * 1024;
const sliceBytes = 4 * 1024 * 1024;
const trailerLimit = 200;

export interface AuthenticFile {
  /** Everything but the last line. */
  body: Buffer;
  /** Names exactly this content. */
  mac: string;
}

/** Why a file is not used; a person who reads it knows what to do next. */
export class FileRefused extends Error {}

/** The ring's keys seal too; what authenticates is derived, so that no key has two uses. */
function macKeyOf({ key }: NamedKey): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'signalbox edge state: authenticity', 32));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function updateInSlices(mac: Hmac, bytes: Buffer): Promise<void> {
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    mac.update(bytes.subarray(start, start + sliceBytes));
    await pause();
  }
}

/**
 * Files whose last line is `hmac-sha256 <key id> <HMAC of all before it>`. Nothing of a file is looked at before that line was
 * verified: whoever can write to the disk must not be able to add a key or loosen a policy.
 */
export class AuthenticFiles {
  constructor(private readonly keys: readonly NamedKey[]) {}

  /**
   * Readers see the old file or the new one, never a part. @returns the new file's mac
   * @param temporary a path beside it that nobody else uses
   */
  async write(path: string, temporary: string, chunks: Iterable<string>): Promise<string> {
    const [first] = this.keys;
    if (!first) throw new Error('the ring of state keys is empty');
    const mac = createHmac('sha256', macKeyOf(first));
    const file = await open(temporary, 'w', 0o600);
    try {
      for (const chunk of chunks) {
        const bytes = Buffer.from(chunk);
        mac.update(bytes);
        await file.writeFile(bytes);
        await pause();
      }
      const text = mac.digest('hex');
      await file.writeFile(`hmac-sha256 ${first.kid} ${text}\n`);
      await file.sync();
      await file.close();
      await rename(temporary, path);
      await this.syncDirectory(dirname(path));
      return text;
    } catch (error) {
      await file.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  /** @returns null when there is no such file; throws FileRefused when it is not what this edge, or one with its keys, wrote */
  async read(path: string): Promise<AuthenticFile | null> {
    const bytes = await this.readBytes(path);
    if (!bytes) return null;
    const end = bytes.length - 1;
    const start = bytes.lastIndexOf(10, Math.max(end - 1, 0)) + 1;
    const trailer =
      end - start > trailerLimit
        ? null
        : /^hmac-sha256 (\S+) ([0-9a-f]{64})$/.exec(bytes.toString('utf8', start, end));
    const [, kid, expected = ''] = trailer ?? [];
    if (!trailer || bytes[end] !== 10) throw new FileRefused('it is cut off or was not written by an edge');
    const key = this.keys.find((one) => one.kid === kid);
    if (!key) throw new FileRefused('its key is not among SIGNALBOX_EDGE_STATE_KEYS');
    const body = bytes.subarray(0, start);
    const mac = createHmac('sha256', macKeyOf(key));
    await updateInSlices(mac, body);
    if (!equalInConstantTime(mac.digest('hex'), expected))
      throw new FileRefused('it was changed after it was written');
    return { body, mac: expected };
  }

  private async readBytes(path: string): Promise<Buffer | null> {
    try {
      if ((await stat(path)).size > bytesLimit) throw new FileRefused('it is too large');
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Else a power cut may undo the renaming. */
  private async syncDirectory(path: string): Promise<void> {
    const directory = await open(path, 'r');
    await directory.sync().catch(() => undefined);
    await directory.close();
  }
}
