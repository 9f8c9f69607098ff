import type { CreatedKey } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';

const deadlineMs = 180_000;
/** A repetition is told to wait, or that nobody is there. */
const retryable = new Set(['idempotency_in_progress', 'config_release_in_progress', 'version_conflict']);

export interface Outcome<Body> {
  /** null: the change was made, but the answer with it died with the process that made it. */
  body: Body | null;
  requests: number;
}

/**
 * A script that wants one change, whatever dies meanwhile: it repeats its request with the same Idempotency-Key until it gets
 * an answer.
 */
export async function insist<Body>(
  stack: E2eStack,
  path: string,
  body: object,
  idempotencyKey: string,
): Promise<Outcome<Body>> {
  let requests = 0;
  const { answer, code } = await waitUntil(
    async () => {
      requests += 1;
      const headers = { 'idempotency-key': idempotencyKey };
      const answer = await stack.api.request('POST', path, { body, headers, timeoutMs: 40_000 });
      const code = (answer.body as { code?: string } | null)?.code ?? '';
      if (answer.status >= 500 || retryable.has(code)) throw new Error(`${answer.status} ${code}`);
      return { answer, code };
    },
    { deadlineMs, what: `an answer to POST ${path}`, pollEveryMs: 100 },
  );
  if (answer.status < 300) return { body: answer.body as Body, requests };
  if (code === 'idempotency_answer_lost') return { body: null, requests };
  throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** The value of a key whose creation or rotation was carried out, but whose answer was lost: a new one is made. */
export async function rotateAgain(stack: E2eStack, id: string, idempotencyKey: string): Promise<CreatedKey> {
  const { body } = await insist<CreatedKey>(stack, `/keys/${id}/rotate`, { overlap: '0s' }, idempotencyKey);
  if (!body) throw new Error('the second rotation lost its answer too, though nothing was killed');
  return body;
}
