import type { IncomingHttpHeaders } from 'node:http';
import { hashVirtualKeyValue, parseVirtualKeyValue } from '@signalbox/gateway';
import type { Caller, KeyDirectory, KeyLookup } from '../keys/key-directory';
import type { UnknownKeyGuard } from '../limits/unknown-key-guard';
import type { EdgeRequest } from './edge-request';
import { Refusal } from './refusal';

/** OpenAI's and newer Anthropic SDKs send a bearer, older Anthropic ones x-api-key. */
function keyValueOf(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer) return bearer;
  const apiKey = headers['x-api-key'];
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey.trim() : null;
}

/** Step 2: whose request is it? A key that cannot be looked up just now gets a retryable 503, never a 401. */
export async function identifyCaller(
  edgeRequest: EdgeRequest,
  directory: KeyDirectory,
  guard: UnknownKeyGuard,
): Promise<Caller> {
  const { request, facts } = edgeRequest;
  const value = keyValueOf(request.headers);
  if (value === null) throw new Refusal('key_missing');
  const keyHash = parseVirtualKeyValue(value) === 'malformed' ? null : hashVirtualKeyValue(value);
  const isHeld = keyHash !== null && directory.holds(keyHash);
  if (!isHeld) guard.check(request);
  const cutOffSeconds = directory.cutOffSeconds();
  if (cutOffSeconds !== null) facts.cut_off_seconds = cutOffSeconds;
  const found = keyHash === null ? 'malformed' : await directory.find(keyHash);
  if (found === 'malformed' || found === 'unknown') guard.note(request);
  if (found === 'malformed') throw new Refusal('key_malformed');
  const caller = readLookup(found);
  facts.key_id = caller.key.key_id;
  facts.workspace_id = caller.key.workspace_id;
  facts.organization_id = caller.key.organization_id;
  return caller;
}

export async function findCaller(keyHash: string, directory: KeyDirectory): Promise<Caller> {
  return readLookup(await directory.find(keyHash));
}

function readLookup(found: KeyLookup): Caller {
  if (found === 'unknown') throw new Refusal('key_unknown');
  if (found === 'unavailable') throw new Refusal('policy_unavailable');
  if (found === 'outdated') throw new Refusal('policy_outdated');
  return found;
}
