import { performance } from 'node:perf_hooks';
import { parseProjectionField, readProjectionDocument } from '@signalbox/gateway';
import { z } from 'zod';
import type { ProjectionEntry, ProjectionStore } from '../keys/projection-store';
import { RoutingLayers } from '../keys/routing-layers';

/** The event loop is not held up for longer by one piece of work. */
const sliceMs = 4;
const checkEvery = 32;

const header = z.object({
  kind: z.literal('signalbox edge projection'),
  v: z.literal(1),
  written_at_ms: z.number(),
  /** When Redis last said what is in here. */
  contact_at_ms: z.number(),
  epoch: z.string().nullable(),
  seq: z.number(),
  /** The longest time that a workspace allows an edge to serve on its own; null: none says anything. */
  longest_offline_seconds: z.number().nullable(),
  /** Documents that could not be read: their keys are refused after a restart too. */
  unreadable: z.array(z.string()),
});

export type ProjectionHeader = z.infer<typeof header>;
export type ProjectionFacts = Omit<ProjectionHeader, 'kind' | 'v' | 'longest_offline_seconds' | 'unreadable'>;

function longestOfflineSeconds(store: ProjectionStore): number | null {
  let longest: number | null = null;
  for (const seconds of new RoutingLayers(store).offlineSeconds())
    if (seconds !== null) longest = Math.max(longest ?? 0, seconds);
  return longest;
}

/** The projection as lines of JSON: the header, then one document each. In pieces that take a few milliseconds each to make. */
export function* projectionLines(store: ProjectionStore, facts: ProjectionFacts): Generator<string> {
  const head: ProjectionHeader = {
    kind: 'signalbox edge projection',
    v: 1,
    ...facts,
    longest_offline_seconds: longestOfflineSeconds(store),
    unreadable: store.unreadableFields(),
  };
  let lines = [JSON.stringify(head)];
  let startMs = performance.now();
  for (const { kind, id, document } of store.documents()) {
    lines.push(JSON.stringify([kind, id, document]));
    if (lines.length % checkEvery === 0 && performance.now() - startMs > sliceMs) {
      yield `${lines.join('\n')}\n`;
      lines = [];
      startMs = performance.now();
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

function parseEntry(line: string): ProjectionEntry | null {
  const [kind, id, document] = JSON.parse(line) as [string, string, unknown];
  const field = parseProjectionField(`${kind}:${id}`);
  // Of a newer edge: this one has no use for it.
  return field && { field, document: readProjectionDocument(field.kind, document) };
}

/** @returns null: the body is of another kind or version */
export function parseProjectionHeader(body: Buffer): ProjectionHeader | null {
  const parsed = header.safeParse(JSON.parse(body.toString('utf8', 0, body.indexOf(10))));
  return parsed.success ? parsed.data : null;
}

/** Only for a body that was verified. */
export async function parseProjectionEntries(
  body: Buffer,
  unreadable: readonly string[],
): Promise<ProjectionEntry[]> {
  const entries: ProjectionEntry[] = unreadable.flatMap((name) => {
    const field = parseProjectionField(name);
    return field ? [{ field, document: null }] : [];
  });
  let startMs = performance.now();
  let start = body.indexOf(10) + 1;
  for (let end = body.indexOf(10, start); end !== -1; end = body.indexOf(10, start)) {
    const entry = parseEntry(body.toString('utf8', start, end));
    if (entry) entries.push(entry);
    start = end + 1;
    if (entries.length % checkEvery === 0 && performance.now() - startMs > sliceMs) {
      await new Promise((resolve) => setImmediate(resolve));
      startMs = performance.now();
    }
  }
  return entries;
}
