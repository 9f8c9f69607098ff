import { z } from 'zod';
import document from './data/quality-v1.json';

const tableForm = z.strictObject({
  version: z.literal(1),
  meaning: z.string().min(1),
  arithmetic: z.string().min(1),
  sources: z.record(
    z.string(),
    z.strictObject({ title: z.string(), url: z.url(), as_of: z.iso.date(), note: z.string() }),
  ),
  families: z.array(
    z.strictObject({
      name: z.string().min(1),
      patterns: z.array(z.string().regex(/^[a-z0-9*_+-]+$/)).min(1),
      figure: z.number(),
      source: z.string(),
    }),
  ),
});
type QualityTable = z.infer<typeof tableForm>;
type QualityFamily = QualityTable['families'][number];

/** The table that comes with this version. */
export const qualityTable: QualityTable = tableForm.parse(document);

const lowest = 1_000;
const highest = 1_500;

/** What the data file's `arithmetic` says, in thousandths: finer differences are within the error of the figures. */
export function qualityOfFigure(figure: number): number {
  const share = (figure - lowest) / (highest - lowest);
  return Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 1_000;
}

/** Without the vendor and the variant, and one spelling for "4.1" and "4-1": `openai/gpt-4.1:free` is gpt-4-1. */
function familyNameOf(id: string): string {
  const name = id.slice(id.lastIndexOf('/') + 1).split(':')[0] ?? '';
  return name.toLowerCase().replaceAll('.', '-');
}

interface Pattern {
  readonly expression: RegExp;
  readonly letterCount: number;
  readonly family: QualityFamily;
}

function compile(table: QualityTable): Pattern[] {
  const patterns = table.families.flatMap((family) =>
    family.patterns.map((text) => ({
      expression: new RegExp(`^${text.replaceAll('+', '\\+').replaceAll('*', '.*')}$`),
      letterCount: text.replaceAll('*', '').length,
      family,
    })),
  );
  // The pattern that says most of the name is the nearest family: gpt-4o-mini* before gpt-4o*.
  return patterns.sort((left, right) => right.letterCount - left.letterCount);
}

const compiled = compile(qualityTable);
const known = new Map<string, QualityFamily | null>();
/** Names come from admins and sources: their number has no bound. */
const mostKnown = 20_000;

/** @returns null: the table does not know the model */
export function familyOf(id: string): QualityFamily | null {
  const name = familyNameOf(id);
  const found = known.get(name);
  if (found !== undefined) return found;
  const family = compiled.find(({ expression }) => expression.test(name))?.family ?? null;
  if (known.size >= mostKnown) known.clear();
  known.set(name, family);
  return family;
}
