import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printTable, type Row } from '../support/e2e/figures';

const reportPath = join(__dirname, '..', '..', 'bench-results', 'prove-control-loop.json');

type Sections = Record<string, { measured_at: string; rows: readonly Row[] }>;

function readSections(): Sections {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8')) as Sections;
  } catch {
    return {};
  }
}

/** Prints the figures of one proof and keeps them in bench-results/prove-control-loop.json beside those of the others. */
export function reportProof(title: string, rows: readonly Row[]): void {
  printTable(title, rows);
  const sections = { ...readSections(), [title]: { measured_at: new Date().toISOString(), rows } };
  mkdirSync(dirname(reportPath), { recursive: true });
  writeFileSync(reportPath, `${JSON.stringify(sections, null, 2)}\n`);
}
