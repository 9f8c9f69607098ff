import fc from 'fast-check';
import { aDeployment, aModel, arbitrarySnapshot, aSnapshot } from '../../../../test/support/config-snapshot';
import { compileLitellmConfig, type LitellmConfig } from './compile-litellm-config';
import type { ConfigSnapshot } from './config-snapshot';
import { diffConfigs, readLitellmConfig, type SettingChange } from './diff-configs';

/** As a plan has them: the released one was read from its YAML, the new one was just compiled. */
const released = (snapshot: ConfigSnapshot) => readLitellmConfig(compileLitellmConfig(snapshot).yaml);
const compiled = (snapshot: ConfigSnapshot) => compileLitellmConfig(snapshot).config;
const diffOf = (before: ConfigSnapshot, after: ConfigSnapshot) =>
  diffConfigs(released(before), compiled(after));
type Entry = LitellmConfig['model_list'][number];
const idOf = ({ model_info }: Entry): string => String(model_info['id']);

/** Every setting of an entry by its path, found in another way than the diff does. */
function leavesOf(entry: Entry): Map<string, string> {
  const leaves = new Map<string, string>();
  const open: [string[], unknown][] = [[[], entry]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, value] = next;
    const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value);
    const names = isBranch ? Object.keys(value) : [];
    if (names.length === 0) leaves.set(path.join('.'), JSON.stringify(value));
    for (const name of names) open.push([[...path, name], (value as Record<string, unknown>)[name]]);
  }
  return leaves;
}

function apply({ path, ...change }: SettingChange, leaves: Map<string, string>): void {
  expect(leaves.get(path)).toBe('before' in change ? JSON.stringify(change.before) : undefined);
  if ('after' in change) leaves.set(path, JSON.stringify(change.after));
  else leaves.delete(path);
}

/** Two catalogues that have deployments in common, so that some are changed and not only added or removed. */
const relatedSnapshots = fc.tuple(arbitrarySnapshot, arbitrarySnapshot).map(([before, other]) => {
  const ids = before.models.flatMap(({ deployments }) => deployments.map(({ id }) => id));
  const models = other.models.map((model) => ({
    ...model,
    deployments: model.deployments.map((deployment) => ({ ...deployment, id: ids.pop() ?? deployment.id })),
  }));
  return [before, { models }] as const;
});

const nothing = { added: [], removed: [], changed: [], settings: [] };

it('of equal configurations is empty', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      expect(diffOf(snapshot, snapshot)).toEqual(nothing);
    }),
  );
});

it('says all that is needed to get from the one to the other', () => {
  fc.assert(
    fc.property(relatedSnapshots, ([before, after]) => {
      const diff = diffOf(before, after);
      const reached = new Map(compiled(before).model_list.map((entry) => [idOf(entry), leavesOf(entry)]));
      for (const { id } of diff.removed) reached.delete(id);
      const target = new Map(compiled(after).model_list.map((entry) => [idOf(entry), leavesOf(entry)]));
      for (const { id } of diff.added) reached.set(id, target.get(id)!);
      for (const { id, changes } of diff.changed)
        changes.forEach((change) => apply(change, reached.get(id)!));
      expect(reached).toEqual(target);
    }),
  );
});

it('is the same backwards, with before and after exchanged', () => {
  fc.assert(
    fc.property(relatedSnapshots, ([before, after]) => {
      const forth = diffOf(before, after);
      const back = diffOf(after, before);
      expect(back.added).toEqual(forth.removed);
      expect(back.changed.map(({ id }) => id).sort()).toEqual(forth.changed.map(({ id }) => id).sort());
    }),
  );
});

it('names each changed setting with both its values', () => {
  const before = aSnapshot(aModel({ deployments: [aDeployment({ litellmParams: { rpm: 1, timeout: 5 } })] }));
  const after = aSnapshot(
    aModel({ deployments: [aDeployment({ litellmParams: { rpm: 2 }, provider: { environmentKeys: [] } })] }),
  );
  expect(diffOf(before, after)).toEqual({
    ...nothing,
    changed: [
      {
        id: 'dep_1',
        model: 'smart',
        changes: [
          { path: 'litellm_params.rpm', before: 1, after: 2 },
          { path: 'litellm_params.timeout', before: 5 },
          { path: 'model_info.signalbox.env', after: {} },
          { path: 'model_info.signalbox.env.cred_1', before: 'OPENAI_API_KEY' },
        ],
      },
    ],
  });
});

it('takes no release before for an empty configuration', () => {
  const diff = diffConfigs(null, compiled(aSnapshot(aModel())));
  expect(diff.added).toEqual([{ id: 'dep_1', model: 'smart', litellm_model: 'openai/gpt-4o-mini' }]);
  expect(diff.settings).toContainEqual({ path: 'litellm_settings.drop_params', after: true });
});

it('does not show a key that got into a configuration', () => {
  const { yaml } = compileLitellmConfig(aSnapshot(aModel()));
  const clean = readLitellmConfig(yaml);
  const leaky = readLitellmConfig(yaml.replace('byok-credential-missing', 'sk-canary-value'));
  expect(JSON.stringify([diffConfigs(clean, leaky), diffConfigs(leaky, clean)])).not.toContain('canary');
  expect(diffConfigs(clean, leaky).changed[0]?.changes[0]?.after).toBe('[hidden]');
});
