import { idPattern } from '@signalbox/common';
import { type ReplayRequest, yesterdayOf } from '@signalbox/domain/replay';
import { readRulesInput } from '@signalbox/domain/routing';
import { type PowerLevel, powerLevels, readRoutingRules, type RoutingRules } from '@signalbox/gateway';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isTimestamp } from '../http/fields';
import { UsageError } from './usage-error';

export const replayUsage =
  'replay --workspace ID | --organization ID | --all [--from TIME] [--to TIME] [--policy FILE] [--as eco|balanced|precision] [--json]';

export interface ReplayArguments {
  readonly request: ReplayRequest;
  readonly isJson: boolean;
}

const options = {
  workspace: { type: 'string' },
  organization: { type: 'string' },
  all: { type: 'boolean', default: false },
  from: { type: 'string' },
  to: { type: 'string' },
  policy: { type: 'string' },
  as: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export function readReplayArguments(args: string[], now: Date): ReplayArguments {
  const { values } = parseArgs({ args, options });
  const { workspace, organization, all } = values;
  if ([workspace !== undefined, organization !== undefined, all].filter(Boolean).length !== 1)
    throw new UsageError(replayUsage);
  const yesterday = yesterdayOf(now);
  const from = values.from === undefined ? yesterday.from : timeOf('--from', values.from);
  const to =
    values.to === undefined ? (values.from === undefined ? yesterday.to : now) : timeOf('--to', values.to);
  if (from >= to) throw new Error(`--from (${from.toISOString()}) must be before --to (${to.toISOString()})`);
  return {
    request: {
      workspaceId: workspace === undefined ? null : idOf('workspace', workspace),
      organizationId: organization === undefined ? null : idOf('organization', organization),
      from,
      to,
      rules: values.policy === undefined ? {} : rulesIn(values.policy),
      asLevel: values.as === undefined ? null : levelOf(values.as),
    },
    isJson: values.json,
  };
}

function idOf(kind: 'workspace' | 'organization', text: string): string {
  if (idPattern(kind).test(text)) return text;
  throw new Error(`--${kind} must be the id of ${kind === 'workspace' ? 'a' : 'an'} ${kind}`);
}

/** Without a zone a time would be that of whatever machine this runs on. */
function timeOf(option: string, text: string): Date {
  if (isTimestamp(text)) return new Date(text);
  throw new Error(
    `${option} must be a day (UTC) or a time with its zone, such as 2026-11-21 or 2026-11-21T08:00:00Z`,
  );
}

function levelOf(text: string): PowerLevel {
  const level = powerLevels.find((one) => one === text);
  if (level) return level;
  throw new Error(`--as must be one of ${powerLevels.join(', ')}`);
}

/** The fields of a routing policy that are to be different: docs/routing.md. */
function rulesIn(file: string): RoutingRules {
  let rules: unknown;
  try {
    rules = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`--policy: ${file} cannot be read as JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return readRoutingRules(readRulesInput({ rules }).routing);
}
