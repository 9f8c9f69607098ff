import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { providerKindNames } from '@signalbox/domain/providers';
import { type CheckedState, type TransitionTarget, transitions } from './credential-transitions';

const page = readFileSync(join(__dirname, '..', '..', '..', '..', 'docs', 'credentials.md'), 'utf8');
const states = Object.keys(transitions.accepted.to) as CheckedState[];

/** The cells of a table's rows; how the page is aligned does not matter. */
function rowsAfter(heading: string): string[][] {
  const section = page.slice(page.indexOf(`## ${heading}\n`)).split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|') && !/^\|[\s:|-]+$/.test(line));
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function cell(target: TransitionTarget, from: CheckedState): string {
  return target === 'same' || target === from ? 'stays' : target;
}

describe('docs/credentials.md', () => {
  it('shows the table of transitions as the code has it', () => {
    const expected = Object.entries(transitions).map(([signal, { meaning, to }]) => [
      `\`${signal}\`: ${meaning}`,
      ...states.map((state) => cell(to[state], state)),
    ]);
    expect(rowsAfter('Transitions')).toEqual([['The check found', ...states], ...expected]);
  });

  it('says of every kind of provider how its keys are checked', () => {
    const kinds = rowsAfter('How each provider is asked').map(([kind = '']) => kind.replaceAll('`', ''));
    expect(new Set(kinds.slice(1))).toEqual(new Set(providerKindNames));
  });
});
