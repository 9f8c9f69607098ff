import type { RouteTarget } from './route-target';
import type { DroppedCandidate, DropReason } from './scoring/scoring.types';

const kinds: Readonly<Record<RouteTarget['kind'], string>> = {
  model: 'The model',
  level: 'The power level',
  group: 'The group',
  auto: 'The name',
};

/** Names come from clients: what stands in an error is short and plain. */
function quoted({ kind, name }: RouteTarget): string {
  return `${kinds[kind]} ${JSON.stringify(name.slice(0, 64))}`;
}

export function notAllowedMessage(target: RouteTarget): string {
  return `${quoted(target)} is not on the list of this virtual key or its workspace, and none of its models is. GET /v1/models shows the list.`;
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
  const reasons = Object.entries(countsOf(dropped)).map(([reason, count]) => `${reason}: ${count}`);
  return `${quoted(target)} has nobody who may take this request. Left out were ${reasons.join(', ')}. docs/routing.md, "Who is not chosen", says what that means.`;
}
