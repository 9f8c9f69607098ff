import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printTable, type Row } from '../support/e2e/figures';

const folder = join(__dirname, '..', '..', 'bench-results');

type Sections = Record<string, { measured_at: string; rows: readonly Row[] }>;

function readSections(path: string): Sections {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Sections;
  } catch {
    return {};
  }
}

/** Prints the figures of one proof and keeps them in bench-results/prove-SUBJECT.json beside those of the others. */
export function reportProof(title: string, rows: readonly Row[], subject = 'control-loop'): void {
  printTable(title, rows);
  const path = join(folder, `prove-${subject}.json`);
  const sections = { ...readSections(path), [title]: { measured_at: new Date().toISOString(), rows } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(sections, null, 2)}\n`);
}
