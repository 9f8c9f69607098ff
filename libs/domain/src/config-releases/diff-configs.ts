import { parse } from 'yaml';
import { isRecord } from '@signalbox/common';
import type { LitellmConfig, LitellmModelEntry } from './compile-litellm-config';
import { missingCredentialKey, noKeyNeeded } from './compile-litellm-config';

export interface SettingChange {
  /** Such as litellm_params.timeout. */
  path: string;
  /** Missing when there was, or is, no such setting. */
  before?: unknown;
  after?: unknown;
}

export interface DeploymentSummary {
  id: string;
  model: string;
  litellm_model: string;
}

export interface ConfigDiff {
  added: DeploymentSummary[];
  removed: DeploymentSummary[];
  changed: { id: string; model: string; changes: SettingChange[] }[];
  settings: SettingChange[];
}

type Leaves = Map<string, unknown>;

/** Every setting by its path. Lists and empty objects count as one value. */
function leavesOf(value: unknown, path: string, leaves: Leaves = new Map()): Leaves {
  if (isRecord(value) && Object.keys(value).length > 0) {
    for (const [name, item] of Object.entries(value)) {
      leavesOf(item, path === '' ? name : `${path}.${name}`, leaves);
    }
  } else if (value !== undefined) leaves.set(path, value);
  return leaves;
}

const harmlessKey = new RegExp(`^(os\\.environ/.+|${missingCredentialKey}|${noKeyNeeded})$`);

/** A release never holds a secret; should one ever get in, a diff is not the place to show it. */
function shown(path: string, value: unknown): unknown {
  const isKey = /(^|\.)(api_key|master_key)$/.test(path);
  return isKey && !harmlessKey.test(String(value)) ? '[hidden]' : value;
}

function changeOf(path: string, before: Leaves, after: Leaves): SettingChange {
  const change: SettingChange = { path };
  if (before.has(path)) change.before = shown(path, before.get(path));
  if (after.has(path)) change.after = shown(path, after.get(path));
  return change;
}

function changesBetween(before: Leaves, after: Leaves): SettingChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)))
    .map((path) => changeOf(path, before, after));
}

function settingsOf({ model_list: _models, ...sections }: LitellmConfig): Leaves {
  return leavesOf(sections, '');
}

function entriesById(config: LitellmConfig): Map<string, LitellmModelEntry> {
  return new Map(config.model_list.map((entry) => [String(entry.model_info['id']), entry]));
}

function summaryOf(id: string, entry: LitellmModelEntry): DeploymentSummary {
  return { id, model: entry.model_name, litellm_model: String(entry.litellm_params['model']) };
}

const emptyConfig: LitellmConfig = {
  model_list: [],
  litellm_settings: {},
  router_settings: {},
  general_settings: {},
};

/** About 0.4 ms for each deployment: worth remembering. */
export function readLitellmConfig(yaml: string): LitellmConfig {
  return { ...emptyConfig, ...(parse(yaml) as Partial<LitellmConfig>) };
}

/** What would change from one configuration to another; null stands for nothing released yet. */
export function diffConfigs(beforeConfig: LitellmConfig | null, after: LitellmConfig): ConfigDiff {
  const before = beforeConfig ?? emptyConfig;
  const oldEntries = entriesById(before);
  const newEntries = entriesById(after);
  const diff: ConfigDiff = {
    added: [],
    removed: [],
    changed: [],
    settings: changesBetween(settingsOf(before), settingsOf(after)),
  };
  for (const [id, entry] of newEntries) {
    const old = oldEntries.get(id);
    const changes = old ? changesBetween(leavesOf(old, ''), leavesOf(entry, '')) : [];
    if (!old) diff.added.push(summaryOf(id, entry));
    else if (changes.length > 0) diff.changed.push({ id, model: entry.model_name, changes });
  }
  for (const [id, entry] of oldEntries) if (!newEntries.has(id)) diff.removed.push(summaryOf(id, entry));
  return diff;
}
