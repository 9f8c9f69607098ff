import type { Dispatcher } from 'undici';

/** `silent`: it neither answered nor refused, so its event loop stands still, or it is very busy. */
export type ProbeResult = 'alive' | 'refused' | 'silent';

/** LiteLLM answers this one without any work: an answer says that its event loop turns. */
const path = '/health/liveliness';
/** Where this process was held up itself, an answer may lie in the socket: timers come before what is to be read. */
const unreadMs = 20;

/** Never throws. */
export async function probeLiveliness(dispatcher: Dispatcher, limitMs: number): Promise<ProbeResult> {
  const limit = new AbortController();
  let timer = setTimeout(() => {
    timer = setTimeout(() => limit.abort(), unreadMs);
  }, limitMs);
  try {
    const { statusCode, body } = await dispatcher.request({ method: 'GET', path, signal: limit.signal });
    await body.dump();
    return statusCode === 200 ? 'alive' : 'refused';
  } catch {
    return limit.signal.aborted ? 'silent' : 'refused';
  } finally {
    clearTimeout(timer);
  }
}
