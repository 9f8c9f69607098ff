import fc from 'fast-check';
import { insertButBad } from './stream-intake';

const refusal = Object.assign(new Error('refused'), { code: '22008' });

describe('rows of which PostgreSQL refuses some', () => {
  it('are all inserted once but for these, which are told one by one', async () => {
    const rows = fc.uniqueArray(fc.nat(1_000), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(10), async (all, divisor) => {
        const isBad = (row: number): boolean => divisor > 0 && row % divisor === 1;
        const inserted: number[] = [];
        const dropped: number[] = [];
        await insertButBad(
          all,
          (some) => {
            if (some.some(isBad)) return Promise.reject(refusal);
            inserted.push(...some);
            return Promise.resolve();
          },
          (row) => void dropped.push(row),
        );
        expect(inserted).toEqual(all.filter((row) => !isBad(row)));
        expect(dropped).toEqual(all.filter(isBad));
      }),
    );
  });

  it('stay where they are when PostgreSQL is away', async () => {
    const away = new Error('connection lost');
    const dropped: number[] = [];
    const insert = () => Promise.reject(away);
    await expect(insertButBad([1, 2, 3], insert, (row) => void dropped.push(row))).rejects.toBe(away);
    expect(dropped).toEqual([]);
  });
});
