import type { Dispatcher } from 'undici';

/** `silent`: it neither answered nor refused, so its event loop stands still, or it is very busy. */
export type ProbeResult = 'alive' | 'refused' | 'silent';

/** LiteLLM answers this one without any work: an answer says that its event loop turns. */
const path = '/health/liveliness';

/** Never throws. */
export async function probeLiveliness(dispatcher: Dispatcher, limitMs: number): Promise<ProbeResult> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    const { statusCode, body } = await dispatcher.request({ method: 'GET', path, signal: limit });
    await body.dump();
    return statusCode === 200 ? 'alive' : 'refused';
  } catch {
    return limit.aborted ? 'silent' : 'refused';
  }
}
