import { z } from 'zod';

const record = z.strictObject({
  /** null: the platform's own. */
  organization_id: z.string().min(1).nullable(),
  workspace_id: z.string().min(1).nullish(),
  user_id: z.string().min(1).nullish(),
  provider: z.string().min(1),
  token: z.string().min(1),
  name: z.string().min(1).max(200).nullish(),
});

export interface ImportRecord {
  readonly organizationId: string | undefined;
  readonly workspaceId: string | undefined;
  readonly userId: string | undefined;
  readonly provider: string;
  readonly token: string;
  readonly name: string | null;
}

export interface ImportLine {
  readonly number: number;
  /** A record, or what is wrong with the line. */
  readonly content: ImportRecord | string;
}

/** One JSON object per line; empty lines are left out. What is wrong is told without the line's text. */
export function parseImportFile(text: string): ImportLine[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => ({ number, content: parseLine(line) }));
}

function parseLine(line: string): ImportRecord | string {
  const parsed = record.safeParse(jsonOf(line));
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'the whole line'));
    return `Not a record of the form {"organization_id", "provider", "token", ...}; see: ${[...fields].join(', ')}.`;
  }
  const { data } = parsed;
  return {
    organizationId: data.organization_id ?? undefined,
    workspaceId: data.workspace_id ?? undefined,
    userId: data.user_id ?? undefined,
    provider: data.provider,
    token: data.token,
    name: data.name ?? null,
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
