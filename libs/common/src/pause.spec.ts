import { getEventListeners } from 'node:events';
import { pauseFor } from './pause';

const anHourMs = 3_600_000;

describe('a pause', () => {
  it('ends by itself, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    await pauseFor(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends early, without an error, when the signal comes', async () => {
    const abort = new AbortController();
    const pause = pauseFor(anHourMs, abort.signal);
    abort.abort(new Error('the process ends'));
    await expect(pause).resolves.toBeUndefined();
  });

  it('does not begin after the signal', async () => {
    await expect(pauseFor(anHourMs, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
