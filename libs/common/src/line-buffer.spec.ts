import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LineBuffer } from './line-buffer';

describe('a line buffer', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('writes the lines of 10 ms together', () => {
    const written: string[] = [];
    const buffer = new LineBuffer((text) => written.push(text));
    buffer.push('a\n');
    jest.advanceTimersByTime(9);
    buffer.push('b\n');
    expect(written).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(written).toEqual(['a\nb\n']);
    jest.advanceTimersByTime(50);
    expect(written).toHaveLength(1);
  });

  it('does not wait once it is full', () => {
    const written: string[] = [];
    const buffer = new LineBuffer((text) => written.push(text));
    for (let index = 0; index < 70; index += 1) buffer.push(`${'x'.repeat(1_023)}\n`);
    expect(written).toEqual([`${'x'.repeat(1_023)}\n`.repeat(64)]);
  });
});

describe('the log of a process', () => {
  const root = join(__dirname, '..', '..', '..');
  const run = (ending: string): string => {
    const script = `const { createLogger } = require('@signalbox/common');
      const log = createLogger('info');
      for (let index = 0; index < 100; index += 1) log.info('line', { index });
      ${ending}`;
    const hook = join(root, 'scripts', 'testing', 'typescript-hook.cjs');
    try {
      return execFileSync(process.execPath, ['-r', hook, '-e', script], {
        encoding: 'utf8',
        stdio: 'pipe',
        cwd: root,
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };

  it.each([
    ['it ends by itself', ''],
    ['it exits', 'process.exit(0)'],
    ['an exception ends it', 'throw new Error("fatal")'],
    ['it is killed right after an error', 'log.error("the last"); process.kill(process.pid, "SIGKILL")'],
  ])('is complete when %s', (_how, ending) => {
    const lines = run(ending)
      .split('\n')
      .filter((line) => line.includes('"index"'));
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual([
      ...Array(100).keys(),
    ]);
  });
});
