import { checkKey, findForbiddenField } from '@signalbox/gateway';
import type { Caller } from '../keys/key-directory';
import type { CallBody } from './call-body';
import { Refusal } from './refusal';

/** Step 3: may this key be used now, and for this model? Asked by the clock at each request. */
export function checkCaller(
  { key, workspace, organization }: Caller,
  model: string | null,
  nowMs: number,
): void {
  const verdict = checkKey({ key, workspace, organization, nowMs, model });
  if (verdict.allowed) return;
  throw new Refusal(verdict.code, verdict.code === 'model_not_allowed' ? { param: 'model' } : {});
}

/** Step 3, second half: the body must not steer LiteLLM. */
export function checkBody({ fields }: CallBody): void {
  const field = findForbiddenField(fields);
  if (field === null) return;
  throw new Refusal('field_forbidden', {
    param: field,
    message: `Clients must not set "${field}". Leave it out.`,
  });
}
