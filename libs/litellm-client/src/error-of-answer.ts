import { z } from 'zod';
import { LitellmError, type LitellmErrorKind } from './litellm-error';
import type { LitellmEndpoint } from './litellm-endpoints';

/** LiteLLM has three shapes: OpenAI's, FastAPI's `{"detail": {"error"}}`, and FastAPI's list of field errors. */
const openaiShape = z.object({
  error: z.object({
    message: z.string(),
    type: z.string().nullish(),
    param: z.string().nullish(),
    code: z.union([z.string(), z.number()]).nullish(),
  }),
});
const detailShape = z.object({ detail: z.unknown() });

interface Reason {
  message: string;
  type: string | null;
  param: string | null;
}

function reasonOf(body: unknown): Reason {
  const openai = openaiShape.safeParse(body);
  if (openai.success) {
    const { message, type, param } = openai.data.error;
    return { message, type: type ?? null, param: param ?? null };
  }
  const detail = detailShape.safeParse(body);
  const message = detail.success ? JSON.stringify(detail.data.detail) : 'an answer that is not in its form';
  return { message, type: null, param: null };
}

/** Without its database LiteLLM answers 400, 500 or 503, depending on the route (facts of 1.103.1). */
function isWithoutDatabase({ message, type }: Reason): boolean {
  return (
    type === 'no_db_connection' || /No connected db|DB not connected|database not connected/i.test(message)
  );
}

function kindOf(status: number, reason: Reason): LitellmErrorKind {
  if (status === 503 || status === 502 || status === 504 || isWithoutDatabase(reason)) return 'unreachable';
  if (status === 404) return 'not_found';
  return status >= 500 ? 'failed' : 'rejected';
}

export function errorOfAnswer(endpoint: LitellmEndpoint, status: number, body: unknown): LitellmError {
  const reason = reasonOf(body);
  return new LitellmError(
    kindOf(status, reason),
    endpoint,
    status,
    `${status} ${reason.message}`,
    reason.param,
  );
}
