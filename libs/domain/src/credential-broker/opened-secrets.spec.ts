import type { StoredSecret } from '@signalbox/secrets';
import { OpenedSecrets } from './opened-secrets';

const stored = (value: string, ageMs = 0): StoredSecret => ({ value, version: '1', ageMs });

describe('opened secrets', () => {
  it('are read once a minute, and grow older meanwhile', async () => {
    const secrets = new OpenedSecrets();
    const read = jest.fn(async () => stored('one', 500));
    expect(await secrets.get('cver_1', 1_000, read)).toEqual(stored('one', 500));
    expect(await secrets.get('cver_1', 60_999, read)).toEqual(stored('one', 60_499));
    expect(read).toHaveBeenCalledTimes(1);
    await secrets.get('cver_1', 61_000, read);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('of other versions are other secrets', async () => {
    const secrets = new OpenedSecrets();
    await secrets.get('cver_1', 0, async () => stored('one'));
    expect((await secrets.get('cver_2', 0, async () => stored('two'))).value).toBe('two');
  });

  it('are read once for all that ask at the same time', async () => {
    const secrets = new OpenedSecrets();
    const read = jest.fn(async () => stored('one'));
    await Promise.all([secrets.get('cver_1', 0, read), secrets.get('cver_1', 0, read)]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('a failed reading is not kept, and an old value is not used in its place', async () => {
    const secrets = new OpenedSecrets();
    await secrets.get('cver_1', 0, async () => stored('one'));
    await expect(secrets.get('cver_1', 60_000, () => Promise.reject(new Error('gone')))).rejects.toThrow(
      'gone',
    );
    await expect(secrets.get('cver_1', 60_001, () => Promise.reject(new Error('gone')))).rejects.toThrow(
      'gone',
    );
  });

  it('that nobody asks for any more go when another one is opened', async () => {
    const secrets = new OpenedSecrets();
    for (let index = 0; index < 5; index += 1)
      await secrets.get(`cver_${index}`, index, async () => stored('x'));
    await secrets.get('cver_5', 60_003, async () => stored('x'));
    expect([...secrets['opened'].keys()]).toEqual(['cver_4', 'cver_5']);
  });

  it('are bounded in number, and forgotten at the end', async () => {
    const secrets = new OpenedSecrets();
    const read = jest.fn(async () => stored('x'));
    for (let index = 0; index <= 2_000; index += 1) await secrets.get(`cver_${index}`, 0, read);
    await secrets.get('cver_2000', 0, read);
    expect(read).toHaveBeenCalledTimes(2_001);
    await secrets.get('cver_0', 0, read);
    expect(read).toHaveBeenCalledTimes(2_002);
    secrets.clear();
    await secrets.get('cver_2000', 0, read);
    expect(read).toHaveBeenCalledTimes(2_003);
  });
});
