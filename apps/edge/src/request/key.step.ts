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
export function identifyCaller(
  edgeRequest: EdgeRequest,
  directory: KeyDirectory,
  guard: UnknownKeyGuard,
): Caller | Promise<Caller> {
  const { request, facts } = edgeRequest;
  const value = keyValueOf(request.headers);
  if (value === null) throw new Refusal('key_missing');
  const keyHash = hashVirtualKeyValue(value);
  const isHeld = directory.holds(keyHash);
  if (!isHeld) guard.check(request);
  const cutOffSeconds = directory.cutOffSeconds();
  if (cutOffSeconds !== null) facts.cut_off_seconds = cutOffSeconds;
  // What is held was issued, so it needs no look at its form.
  if (!isHeld && parseVirtualKeyValue(value) === 'malformed') {
    guard.note(request);
    throw new Refusal('key_malformed');
  }
  const found = directory.find(keyHash);
  return found instanceof Promise
    ? found.then((late) => takeLookup(late, edgeRequest, guard))
    : takeLookup(found, edgeRequest, guard);
}

function takeLookup(found: KeyLookup, { request, facts }: EdgeRequest, guard: UnknownKeyGuard): Caller {
  if (found === 'unknown') guard.note(request);
  const caller = readLookup(found);
  facts.key_id = caller.key.key_id;
  facts.workspace_id = caller.key.workspace_id;
  facts.organization_id = caller.key.organization_id;
  return caller;
}

export function findCaller(keyHash: string, directory: KeyDirectory): Caller | Promise<Caller> {
  const found = directory.find(keyHash);
  return found instanceof Promise ? found.then(readLookup) : readLookup(found);
}

function readLookup(found: KeyLookup): Caller {
  if (found === 'unknown') throw new Refusal('key_unknown');
  if (found === 'unavailable') throw new Refusal('policy_unavailable');
  if (found === 'outdated') throw new Refusal('policy_outdated');
  return found;
}
