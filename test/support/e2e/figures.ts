/** Figures that proofs and benchmarks print, in one form. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const index = Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1);
  return sorted[Math.max(index, 0)] ?? Number.NaN;
}

export type Distribution = {
  count: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
};

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

export function distributionOf(valuesMs: readonly number[]): Distribution {
  return {
    count: valuesMs.length,
    p50_ms: rounded(percentile(valuesMs, 0.5)),
    p95_ms: rounded(percentile(valuesMs, 0.95)),
    p99_ms: rounded(percentile(valuesMs, 0.99)),
    max_ms: rounded(Math.max(...valuesMs)),
  };
}

export type Row = Record<string, string | number | boolean | null>;

/** Straight to standard output: jest would put a stack trace around console.log. */
export function printTable(title: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '')));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    `  ${values.map((value, index) => value.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd();
  const lines = [title, line(columns), ...cells.map(line)];
  process.stdout.write(`\n${lines.join('\n')}\n`);
}
