import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '@signalbox/common';
import { z } from 'zod';

export type InfisicalSignatureCheck = 'valid' | 'unsigned' | 'wrong' | 'stale';

export interface InfisicalNotice {
  readonly event: string;
  /** The folder in which something changed; a notice never says which secret. null: not said. */
  readonly secretPath: string | null;
  readonly environment: string | null;
  readonly projectId: string | null;
}

const headerForm = /^t=(\d{1,15});([0-9a-f]{64})$/;

const noticeForm = z.object({
  event: z.string(),
  timestamp: z.number().nullish(),
  project: z
    .object({
      workspaceId: z.string().nullish(),
      projectId: z.string().nullish(),
      environment: z.string().nullish(),
      secretPath: z.string().nullish(),
    })
    .nullish(),
});

/**
 * Infisical signs the raw body only, not the time in the header; but the body has the same time, so a notice whose two
 * times differ is an old one with a new header.
 * @param header `t=<unix milliseconds>;<HMAC-SHA256 of the body in hex>`
 * @param windowMs how far its time may be from ours, into either direction
 */
export function verifyInfisicalSignature(
  rawBody: Buffer,
  header: string | undefined,
  secret: string,
  nowMs: number,
  windowMs: number,
): InfisicalSignatureCheck {
  const [, timeText, mac] = headerForm.exec(header ?? '') ?? [];
  if (timeText === undefined || mac === undefined) return 'unsigned';
  const expected = createHmac('sha256', secret).update(rawBody).digest('hex');
  if (!equalInConstantTime(mac, expected)) return 'wrong';
  const signedAtMs = noticeForm.safeParse(jsonOf(rawBody)).data?.timestamp;
  if (signedAtMs !== Number(timeText)) return 'wrong';
  return Math.abs(nowMs - signedAtMs) <= windowMs ? 'valid' : 'stale';
}

/** @returns null: not a notice of Infisical */
export function infisicalNoticeOf(rawBody: Buffer): InfisicalNotice | null {
  const parsed = noticeForm.safeParse(jsonOf(rawBody));
  if (!parsed.success) return null;
  const { event, project } = parsed.data;
  return {
    event,
    secretPath: project?.secretPath ?? null,
    environment: project?.environment ?? null,
    projectId: project?.projectId ?? project?.workspaceId ?? null,
  };
}

function jsonOf(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
