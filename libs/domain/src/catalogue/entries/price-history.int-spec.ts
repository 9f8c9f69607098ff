import fc from 'fast-check';
import { openTestDatabase, type TestDatabase } from '../../../../../test/support/test-database';
import { CatalogueStoreRepository } from '../sync/catalogue-store.repository';
import { CatalogueEntryRepository } from './catalogue-entry.repository';

jest.setTimeout(60_000);

const [entryId, provider] = ['acme/one', 'openai'];
const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 21);

interface Change {
  readonly by: 'person' | 'sync';
  /** null: none from then on. */
  readonly input: number | null;
  /** A person's only. */
  readonly hoursFromNow: number;
  readonly hoursBefore: number;
}

const changes = fc.array(
  fc.record<Change>({
    by: fc.constantFrom('person', 'sync'),
    input: fc.option(fc.integer({ min: 1, max: 3 })),
    hoursFromNow: fc.nat(3),
    hoursBefore: fc.nat(2),
  }),
  { minLength: 1, maxLength: 8 },
);

let database: TestDatabase;
const entries = new CatalogueEntryRepository();
const store = new CatalogueStoreRepository();

beforeAll(async () => {
  database = await openTestDatabase();
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fingerprint) VALUES ($1, $1, 'acme', 'chat', 'active', '')`,
    [entryId],
  );
});
afterAll(() => database.close());

const query = <Row = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  database.transactions.run('platform', (manager) => manager.query<Row[]>(sql, parameters));

async function apply({ by, input, hoursFromNow }: Change, now: Date): Promise<void> {
  const texts = input === null ? null : { input: String(input) };
  await database.transactions.run('platform', async (manager) => {
    if (by === 'person') {
      const effectiveFrom = hoursFromNow === 0 ? null : new Date(now.getTime() + hoursFromNow * hourMs);
      await entries.setPrice(manager, entryId, { provider, texts, effectiveFrom }, now);
      return;
    }
    await store.closePrices(manager, [{ entryId, provider }], now);
    if (texts)
      await store.openPrices(manager, [{ entryId, provider, texts, source: 'litellm' }], 'sync', now);
  });
}

async function inForce(at: Date): Promise<{ input: string; source: string } | null> {
  const rows = await query<{ input: string; source: string }>(
    `SELECT prices->>'input' AS input, source FROM catalogue_prices
     WHERE effective_from <= $1 AND (effective_to IS NULL OR effective_to > $1)`,
    [at],
  );
  // One at a time, whoever wrote them and for whenever.
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0] ?? null;
}

it('has one price in force at a time, the past as it was, and a person’s word before a sync’s', async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (steps) => {
      await query('DELETE FROM catalogue_prices');
      const past = new Map<number, unknown>();
      let nowMs = startMs;
      for (const step of steps) {
        nowMs += step.hoursBefore * hourMs;
        const now = new Date(nowMs);
        const before = await inForce(now);
        await apply(step, now);
        const after = await inForce(now);
        const isPersons = before?.source === 'manual';
        if (step.by === 'sync') {
          const expected = step.input === null ? null : { input: String(step.input), source: 'litellm' };
          expect(after).toEqual(isPersons ? before : expected);
        } else if (step.hoursFromNow === 0) {
          expect(after?.input ?? null).toBe(step.input === null ? null : String(step.input));
        } else {
          expect(after).toEqual(before);
          const later = await inForce(new Date(nowMs + step.hoursFromNow * hourMs));
          expect(later?.input ?? null).toBe(step.input === null ? null : String(step.input));
        }
        for (const [at, known] of past) {
          if (at < nowMs) expect(await inForce(new Date(at))).toEqual(known);
        }
        past.set(nowMs, after);
        for (let hour = 1; hour <= 4; hour += 1) await inForce(new Date(nowMs + hour * hourMs));
      }
    }),
    { numRuns: 40 },
  );
});
