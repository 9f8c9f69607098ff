import type { IncomingHttpHeaders } from 'node:http';
import { hashVirtualKeyValue, parseVirtualKeyValue } from '@signalbox/gateway';
import type { Caller, KeyDirectory } from '../keys/key-directory';
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
export async function identifyCaller(edgeRequest: EdgeRequest, directory: KeyDirectory): Promise<Caller> {
  const value = keyValueOf(edgeRequest.request.headers);
  if (value === null) throw new Refusal('key_missing');
  if (parseVirtualKeyValue(value) === 'malformed') throw new Refusal('key_malformed');
  const caller = await findCaller(hashVirtualKeyValue(value), directory);
  const { key_id, workspace_id, organization_id } = caller.key;
  Object.assign(edgeRequest.facts, { key_id, workspace_id, organization_id });
  return caller;
}

export async function findCaller(keyHash: string, directory: KeyDirectory): Promise<Caller> {
  const found = await directory.find(keyHash);
  if (found === 'unknown') throw new Refusal('key_unknown');
  if (found === 'unavailable') throw new Refusal('policy_unavailable');
  if (found === 'outdated') throw new Refusal('policy_outdated');
  return found;
}
