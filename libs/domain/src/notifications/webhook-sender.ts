import type { WebhookDeliveryEntity } from '@signalbox/database';
import { guardedFetch, toEgressError } from '@signalbox/egress';
import { signWebhook } from './webhook-signature';

const timeoutMs = 10_000;
/** The answer's body is of no interest. */
const maxResponseBytes = 65_536;

export interface WebhookTarget {
  url: string;
  secret: string;
  allowedHosts: readonly string[];
}

export interface SentWebhook {
  isDelivered: boolean;
  /** null: there was no answer. */
  status: number | null;
  /** For people, without address and content. */
  error: string | null;
}

/** One attempt. Any 2xx means taken; redirects are not followed. Never throws. */
export async function sendWebhook(
  { url, secret, allowedHosts }: WebhookTarget,
  { id, payload }: WebhookDeliveryEntity,
  nowMs: number,
  signal: AbortSignal,
): Promise<SentWebhook> {
  const body = JSON.stringify(payload);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'signalbox-webhooks',
    ...signWebhook(secret, { id, timestamp: Math.floor(nowMs / 1_000), body }),
  };
  try {
    const { status } = await guardedFetch(
      url,
      { method: 'POST', headers, body, signal, timeoutMs, maxResponseBytes },
      { allowedHosts },
    );
    const isDelivered = status >= 200 && status < 300;
    return { isDelivered, status, error: isDelivered ? null : `answered ${status}` };
  } catch (error) {
    return { isDelivered: false, status: null, error: toEgressError(error).message };
  }
}
