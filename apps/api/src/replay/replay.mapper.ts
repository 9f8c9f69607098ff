import { invalidField } from '@signalbox/common';
import { type ReplayRequest, yesterdayOf } from '@signalbox/domain/replay';
import { readRulesInput } from '@signalbox/domain/routing';
import { readRoutingRules } from '@signalbox/gateway';
import type { ReplayBody } from './replay.dto';

export function toReplayRequest(body: ReplayBody, now: Date): ReplayRequest {
  const yesterday = yesterdayOf(now);
  const usualTo = body.from === undefined ? yesterday.to : now;
  const from = body.from === undefined ? yesterday.from : new Date(body.from);
  const to = body.to === undefined ? usualTo : new Date(body.to);
  if (from >= to) {
    const message = `must be before the end (${to.toISOString()})`;
    throw invalidField('from', message);
  }
  return {
    workspaceId: body.workspace_id ?? null,
    organizationId: body.organization_id ?? null,
    from,
    to,
    rules: body.rules === undefined ? {} : readRoutingRules(readRulesInput({ rules: body.rules }).routing),
    asLevel: body.as ?? null,
  };
}
