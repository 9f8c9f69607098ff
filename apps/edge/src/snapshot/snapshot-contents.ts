import { type NamedKey, seal, unseal } from '@signalbox/common';
import { z } from 'zod';
import { activeLitellm } from '../upstream/runner-state';

const state = z.object({
  kind: z.literal('signalbox edge state'),
  v: z.literal(1),
  /** The projection that was still true at `contact_at_ms`: else a quiet day would make it look a day old. */
  projection_mac: z.string().nullable(),
  contact_at_ms: z.number(),
  litellm: activeLitellm.nullable(),
});

/** What changes without the projection. */
export type SnapshotState = z.infer<typeof state>;

const credential = z.object({
  credential_id: z.string(),
  owner_key: z.string(),
  fingerprint: z.string(),
  secret: z.string(),
  base_url: z.string().nullable(),
  base_url_is_trusted: z.boolean(),
  usable_until_ms: z.number(),
  document_version: z.number(),
});

/** A provider key that the edge may use while LiteLLM is down. */
export type SnapshotCredential = z.infer<typeof credential>;

const sealedCredentials = z.object({
  kind: z.literal('signalbox edge credentials'),
  v: z.literal(1),
  sealed: z.string(),
});

const credentialsPlace = 'signalbox edge snapshot: credentials';

export function stateText(value: Omit<SnapshotState, 'kind' | 'v'>): string {
  return `${JSON.stringify({ kind: 'signalbox edge state', v: 1, ...value })}\n`;
}

/** @returns null: of another version. Only for a body that was verified. */
export function parseState(body: Buffer): SnapshotState | null {
  const parsed = state.safeParse(JSON.parse(body.toString('utf8')));
  return parsed.success ? parsed.data : null;
}

export function credentialsText(
  keys: readonly NamedKey[],
  credentials: readonly SnapshotCredential[],
): string {
  const sealed = seal(keys, JSON.stringify(credentials), credentialsPlace);
  return `${JSON.stringify({ kind: 'signalbox edge credentials', v: 1, sealed })}\n`;
}

/** @returns null: of another version, or sealed by a key that the ring no longer has */
export function parseCredentials(keys: readonly NamedKey[], body: Buffer): SnapshotCredential[] | null {
  const parsed = sealedCredentials.safeParse(JSON.parse(body.toString('utf8')));
  const opened = parsed.success ? unseal(keys, parsed.data.sealed, credentialsPlace) : null;
  if (opened === null) return null;
  const credentials = z.array(credential).safeParse(JSON.parse(opened));
  return credentials.success ? credentials.data : null;
}
