import { UserError } from './user-error.mjs';
import { pollUntil } from './wait.mjs';

export async function fetchJson(url, { token, signal, timeoutMs = 5_000 } = {}) {
  const limit = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  const text = await response.text();
  return { status: response.status, body: parseJson(text) };
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits until the URL answers 200. What it said last goes into the message if it never does. */
export async function waitForOk(url, { name, logFile, timeoutMs, signal }) {
  let lastAnswer = 'no answer';
  const isOk = await pollUntil(
    async () => {
      try {
        const { status, body } = await fetchJson(url, { signal });
        lastAnswer = `${status} ${JSON.stringify(body ?? '').slice(0, 300)}`;
        return status === 200;
      } catch (error) {
        signal?.throwIfAborted();
        lastAnswer = error.cause?.code ?? error.message;
        return false;
      }
    },
    { timeoutMs, intervalMs: 150, signal },
  );
  if (isOk) return;
  throw new UserError(
    `${name} was not ready within ${timeoutMs / 1000} s (${url}: ${lastAnswer}). Its log: ${logFile}`,
  );
}
