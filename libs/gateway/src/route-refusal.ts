import type { RouteTarget } from './route-target';
import type { DroppedCandidate, DropReason } from './scoring/scoring.types';

const kinds: Readonly<Record<RouteTarget['kind'], string>> = {
  model: 'The model',
  level: 'The power level',
  group: 'The group',
  auto: 'The name',
};

/** What to say to somebody who does not have docs/routing.md at hand. */
const words: Readonly<Record<DropReason, string>> = {
  credential_missing: 'no provider key may pay for it',
  breaker_open: 'it failed too often just now',
  mode: 'it does not serve this kind of request',
  modality: 'it does not take the images, audio or files of the request',
  tools: 'it has no tools',
  json: 'it cannot answer in JSON as asked',
  context_length: 'the prompt and the answer are longer than its context',
  max_output_tokens: 'it does not give answers that long',
  region: 'it is not known to be in a region that the policy allows',
  data_policy: 'it is not known to keep data as the policy wants it',
  price_unknown: 'nobody knows its price',
  price_ceiling: 'it costs more than the ceiling',
};

/** Names come from clients: what stands in an error is short and plain. */
function quoted({ kind, name }: RouteTarget): string {
  return `${kinds[kind]} ${JSON.stringify(name.slice(0, 64))}`;
}

export function notAllowedMessage(target: RouteTarget): string {
  return `${quoted(target)} is not on the list of this virtual key or its workspace, and none of its models is. GET /v1/models shows the list.`;
}

export function unknownWayMessage(target: RouteTarget): string {
  return `${quoted(target)} has nobody who may take this request: the policy protects data, and the active release does not say by whom it is served.`;
}

function countsOf(dropped: readonly DroppedCandidate[]): Partial<Record<DropReason, number>> {
  const counts: Partial<Record<DropReason, number>> = {};
  for (const { reason } of dropped) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** Says which rule left out how many, so that whoever reads it knows which one to change. */
export function nobodyLeftMessage(target: RouteTarget, dropped: readonly DroppedCandidate[]): string {
  if (dropped.length === 0)
    return `${quoted(target)} has no model here: none of its models is in the active release. GET /v1/models shows what there is.`;
  const counts = Object.entries(countsOf(dropped)) as [DropReason, number][];
  const reasons = counts.map(([reason, count]) => `${count} for ${reason} (${words[reason]})`);
  return `${quoted(target)} has nobody who may take this request. Left out: ${reasons.join(', ')}. See docs/routing.md, "Who is not chosen".`;
}
