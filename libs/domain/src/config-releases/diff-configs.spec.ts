import fc from 'fast-check';
import { aDeployment, aModel, arbitrarySnapshot, aSnapshot } from '../../../../test/support/config-snapshot';
import { compileLitellmConfig, type LitellmConfig } from './compile-litellm-config';
import type { ConfigSnapshot } from './config-snapshot';
import { diffConfigs, readLitellmConfig } from './diff-configs';

/** As a plan has them: the released one was read from its YAML, the new one was just compiled. */
const released = (snapshot: ConfigSnapshot) => readLitellmConfig(compileLitellmConfig(snapshot).yaml);
const compiled = (snapshot: ConfigSnapshot) => compileLitellmConfig(snapshot).config;
const diffOf = (before: ConfigSnapshot, after: ConfigSnapshot) =>
  diffConfigs(released(before), compiled(after));
const idsOf = ({ model_list }: LitellmConfig): string[] =>
  model_list.map(({ model_info }) => String(model_info['id']));

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
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (before, after) => {
      const diff = diffOf(before, after);
      const removed = new Set(diff.removed.map(({ id }) => id));
      const reached = [
        ...idsOf(compiled(before)).filter((id) => !removed.has(id)),
        ...diff.added.map(({ id }) => id),
      ];
      expect(reached.sort()).toEqual(idsOf(compiled(after)).sort());
    }),
  );
});

it('is the same backwards, with before and after exchanged', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, arbitrarySnapshot, (before, after) => {
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
    aModel({ deployments: [aDeployment({ litellmParams: { rpm: 2 }, credential: null })] }),
  );
  expect(diffOf(before, after)).toEqual({
    ...nothing,
    changed: [
      {
        id: 'dep_1',
        model: 'smart',
        changes: [
          {
            path: 'litellm_params.api_key',
            before: 'os.environ/OPENAI_API_KEY',
            after: 'byok-credential-missing',
          },
          { path: 'litellm_params.rpm', before: 1, after: 2 },
          { path: 'litellm_params.timeout', before: 5 },
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
  const leaky = readLitellmConfig(yaml.replace('os.environ/OPENAI_API_KEY', 'sk-canary-value'));
  expect(JSON.stringify([diffConfigs(clean, leaky), diffConfigs(leaky, clean)])).not.toContain('canary');
  expect(diffConfigs(clean, leaky).changed[0]?.changes[0]?.after).toBe('[hidden]');
});
