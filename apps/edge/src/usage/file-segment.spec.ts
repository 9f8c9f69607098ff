import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FileSegment } from './file-segment';

let dir: string;
let files = 0;
const newPath = (): string => join(dir, `${(files += 1)}.jsonl`);
const line = (text: string): string => JSON.stringify({ text });

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-segment-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => jest.restoreAllMocks());

async function readAll(segment: FileSegment, limit = 500): Promise<{ lines: string[]; torn: number }> {
  const lines: string[] = [];
  let torn = 0;
  for (let batch = await segment.next(limit); batch; batch = await segment.next(limit)) {
    expect(batch.lines.length).toBeLessThanOrEqual(limit);
    lines.push(...batch.lines);
    torn += batch.torn;
    segment.acknowledge(batch);
  }
  await segment.close();
  return { lines, torn };
}

async function prototypeOfHandles(): Promise<FileHandle> {
  const handle = await open(newPath(), 'w');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('a segment of the spool', () => {
  it('gives back what was appended, by whatever steps it is written and read', async () => {
    const step = fc.oneof(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const segment = await FileSegment.create(newPath());
        const [written, read]: [string[], string[]] = [[], []];
        for (const one of steps) {
          if (typeof one === 'number') {
            const batch = await segment.next(one);
            if (batch) {
              read.push(...batch.lines);
              segment.acknowledge(batch);
            }
          } else {
            const lines = one.map(line);
            await segment.append(lines);
            written.push(...lines);
          }
          expect(segment.waiting).toBe(written.length - read.length);
        }
        read.push(...(await readAll(segment)).lines);
        expect(read).toEqual(written);
        expect(segment.isSpent).toBe(true);
        await segment.remove();
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same batch again until it is acknowledged', async () => {
    const segment = await FileSegment.create(newPath());
    await segment.append([line('a')]);
    await segment.append([line('b')]);
    expect((await segment.next(500))?.lines).toEqual([line('a'), line('b')]);
    expect((await segment.next(500))?.lines).toEqual([line('a'), line('b')]);
    await segment.close();
  });

  it('cut anywhere loses only the line that was cut', async () => {
    const lines = ['one', 'zwölf', '日本'].map(line);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    for (let length = 0; length <= bytes.length; length += 1) {
      const path = newPath();
      writeFileSync(path, bytes.subarray(0, length));
      const { lines: read, torn } = await readAll(await FileSegment.adopt(path));
      const ends = [...bytes.subarray(0, length)].filter((byte) => byte === 10).length;
      expect(read).toEqual(lines.slice(0, ends));
      expect(torn).toBe(length > 0 && bytes[length - 1] !== 10 ? 1 : 0);
    }
  });

  it('with a line longer than one reading is read whole', async () => {
    const lines = [line('a'), line('x'.repeat(1_500_000)), line('b')];
    const path = newPath();
    writeFileSync(path, `${lines.join('\n')}\n`);
    expect(await readAll(await FileSegment.adopt(path))).toEqual({ lines, torn: 0 });
  });

  it.each<[string, (handle: FileHandle) => void]>([
    [
      'refuses',
      (handle) => {
        jest
          .spyOn(handle, 'write')
          .mockRejectedValue(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      },
    ],
    [
      'takes a part',
      (handle) => {
        const write: unknown = Reflect.get(handle, 'write');
        jest.spyOn(handle, 'write').mockImplementation(function (this: FileHandle, bytes: unknown) {
          return (write as (part: Uint8Array) => never).call(this, (bytes as Uint8Array).subarray(0, 7));
        });
      },
    ],
  ])('whose disk %s keeps what it had, and nothing of the rest', async (_name, breakDisk) => {
    const path = newPath();
    const segment = await FileSegment.create(path);
    await segment.append([line('kept')]);
    breakDisk(await prototypeOfHandles());
    await expect(segment.append([line('lost'), line('too')])).rejects.toThrow(/space|part/);
    jest.restoreAllMocks();
    await segment.seal();
    expect(readFileSync(path, 'utf8')).toBe(`${line('kept')}\n`);
    expect(await readAll(segment)).toEqual({ lines: [line('kept')], torn: 0 });
  });

  it('that another process took and deleted is no error', async () => {
    const path = newPath();
    const segment = await FileSegment.create(path);
    await segment.append([line('a')]);
    rmSync(path);
    await segment.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('takes nothing into account that was appended after it was adopted', async () => {
    const path = newPath();
    writeFileSync(path, `${line('a')}\n`);
    const segment = await FileSegment.adopt(path);
    appendFileSync(path, `${line('b')}\n`);
    expect((await readAll(segment)).lines).toEqual([line('a')]);
  });
});
