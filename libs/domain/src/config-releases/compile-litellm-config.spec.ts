import { readProjectionDocument } from '@signalbox/gateway';
import { parse } from 'yaml';
import fc from 'fast-check';
import {
  aDeployment,
  aModel,
  arbitrarySnapshot,
  aSnapshot,
  reversed,
} from '../../../../test/support/config-snapshot';
import { compileLitellmConfig, type LitellmConfig } from './compile-litellm-config';
import { servedDeployments } from './config-snapshot';

/** PyYAML, which LiteLLM uses, reads YAML 1.1. */
const read = (yaml: string) => parse(yaml, { version: '1.1' }) as LitellmConfig;
const entryOf = (...deployments: Parameters<typeof aDeployment>) =>
  read(compileLitellmConfig(aSnapshot(aModel({ deployments: [aDeployment(...deployments)] }))).yaml)
    .model_list[0]!;

describe('the whole configuration', () => {
  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        expect(compileLitellmConfig(reversed(snapshot))).toEqual(compileLitellmConfig(snapshot));
      }),
    );
  });

  it('has each served deployment once, under its id, and nothing else', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        const { yaml, deploymentIds, models } = compileLitellmConfig(snapshot);
        const served = snapshot.models.flatMap(servedDeployments).map(({ id }) => id);
        const inFile = read(yaml).model_list.map(({ model_info }) => model_info['id']);
        expect([...inFile].sort()).toEqual([...served].sort());
        expect(deploymentIds).toEqual([...served].sort());
        expect(models.flatMap(({ deployment_ids }) => deployment_ids).sort()).toEqual([...served].sort());
      }),
    );
  });

  it('keeps every parameter, as the type that it had', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        const entries = new Map(
          read(compileLitellmConfig(snapshot).yaml).model_list.map((entry) => [
            entry.model_info['id'],
            entry,
          ]),
        );
        for (const { id, litellmParams } of snapshot.models.flatMap(servedDeployments)) {
          const { order: _order, ...expected } = JSON.parse(JSON.stringify(litellmParams)) as Record<
            string,
            unknown
          >;
          expect(entries.get(id)?.litellm_params).toMatchObject(expected);
        }
      }),
    );
  });

  it('never holds a key, nor a reference to one: only values that no provider takes', () => {
    const anything = fc.dictionary(fc.constantFrom('api_key', 'api_base', 'model', 'rpm'), fc.string());
    fc.assert(
      fc.property(arbitrarySnapshot, anything, (snapshot, litellmParams) => {
        const models = snapshot.models.map((model) => ({
          ...model,
          deployments: model.deployments.map((deployment) => ({ ...deployment, litellmParams })),
        }));
        const { yaml } = compileLitellmConfig({ models });
        for (const { litellm_params } of read(yaml).model_list) {
          expect(litellm_params['api_key']).toMatch(/^(byok-credential-missing|no-key-needed)$/);
        }
        expect(yaml.replace('os.environ/LITELLM_MASTER_KEY', '')).not.toContain('os.environ');
      }),
    );
  });

  it('has the settings that hold for every release', () => {
    expect(read(compileLitellmConfig(aSnapshot()).yaml)).toEqual({
      model_list: [],
      litellm_settings: {
        callbacks: ['signalbox_litellm.hook.attempt_reporter'],
        drop_params: true,
        num_retries: 0,
        request_timeout: 600,
        turn_off_message_logging: true,
        json_logs: true,
        use_chat_completions_url_for_anthropic_messages: true,
        disable_hf_tokenizer_download: true,
      },
      router_settings: { routing_strategy: 'simple-shuffle', num_retries: 0, disable_cooldowns: true },
      general_settings: {
        master_key: 'os.environ/LITELLM_MASTER_KEY',
        custom_auth: 'signalbox_litellm.auth.user_api_key_auth',
        store_model_in_db: false,
        store_prompts_in_spend_logs: false,
      },
    });
  });
});

describe('what the edge is told of the deployments', () => {
  const released = (...deployments: ReturnType<typeof aDeployment>[]) =>
    compileLitellmConfig(aSnapshot(aModel({ deployments }))).models[0]?.deployments;

  it('is who provides, whether a key is needed, and which one the deployment names', () => {
    const named = aDeployment({ credentialId: 'cred_9' });
    const keyless = aDeployment({ id: 'dep_2', provider: { id: 'prov_2', kind: 'ollama' } });
    expect(released(named, keyless)).toEqual([
      {
        id: 'dep_1',
        provider_id: 'prov_1',
        provider_kind: 'openai',
        needs_key: true,
        credential_id: 'cred_9',
        weight: 1,
        order: 1_000_000,
        upstream_model: 'gpt-4o-mini',
        base_url: null,
      },
      expect.objectContaining({ id: 'dep_2', provider_id: 'prov_2', needs_key: false, credential_id: null }),
    ]);
  });

  it.each([
    [{}, {}, [1, 1]],
    [{ weight: 3 }, { weight: 1 }, [3, 1]],
    [{ weight: 3 }, { rpm: 10 }, [3, 0]],
    [{ rpm: 5 }, { rpm: 10, tpm: 1 }, [5, 10]],
    [{ weight: 0 }, { weight: 0 }, [1, 1]],
    [{ weight: 2 }, { weight: 'many' }, [2, 0]],
    [{ weight: 2 }, { weight: -1 }, [2, 0]],
    [{ weight: 2 }, { weight: { toString: {} } }, [2, 0]],
  ])('is the share that LiteLLM would give: %j, %j', (first, second, weights) => {
    const all = released(
      aDeployment({ litellmParams: first }),
      aDeployment({ id: 'dep_2', litellmParams: second }),
    );
    expect(all?.map(({ weight }) => weight)).toEqual(weights);
  });

  it('is the order, and without one the last', () => {
    const all = released(aDeployment({ litellmParams: { order: 2 } }), aDeployment({ id: 'dep_2' }));
    expect(all?.map(({ order }) => order)).toEqual([2, 1_000_000]);
  });

  it('is what the edge can read, whatever old rows say', () => {
    const odd = fc.dictionary(fc.constantFrom('weight', 'rpm', 'order'), fc.anything({ withBigInt: true }));
    fc.assert(
      fc.property(arbitrarySnapshot, odd, (snapshot, litellmParams) => {
        const changed = snapshot.models.map((model) => ({
          ...model,
          deployments: model.deployments.map((one) => ({ ...one, litellmParams })),
        }));
        const { models } = compileLitellmConfig({ models: changed });
        const document = { v: 1, release_id: 'rel_1', release_number: 1, models };
        expect(readProjectionDocument('catalogue', document)?.models).toHaveLength(models.length);
      }),
    );
  });
});

describe('one deployment', () => {
  it('keeps its order to the edge: LiteLLM would try the next order itself, and hide what failed', () => {
    expect(entryOf({ litellmParams: { order: 2, rpm: 5 } }).litellm_params).toEqual({
      model: 'openai/gpt-4o-mini',
      api_key: 'byok-credential-missing',
      rpm: 5,
    });
  });

  it('carries a key that no provider takes, and tells the hook whose variables it may read', () => {
    expect(entryOf()).toEqual({
      model_name: 'smart',
      litellm_params: { model: 'openai/gpt-4o-mini', api_key: 'byok-credential-missing' },
      model_info: {
        id: 'dep_1',
        mode: 'chat',
        signalbox: { provider_id: 'prov_1', needs_key: true, env: { cred_1: 'OPENAI_API_KEY' } },
      },
    });
  });

  it("names the model's id at OpenRouter, so that another id is another release", () => {
    const yamlWith = (openrouterId: string | null): string =>
      compileLitellmConfig(aSnapshot(aModel({ openrouterId }))).yaml;
    expect(new Set([null, 'openai/gpt-4o', 'openai/gpt-4o-mini'].map(yamlWith)).size).toBe(3);
  });

  it.each([
    ['without a credential', null],
    ['with one that is switched off', { id: 'cred_1', enabled: false }],
    ['with one that is kept elsewhere', { id: 'cred_2', enabled: true }],
  ])('%s is the same in the configuration: keys are chosen per call', (_case, credential) => {
    expect(entryOf({ credential })).toEqual(entryOf());
  });

  it('of a kind that is not known is taken to need a key', () => {
    const entry = entryOf({ provider: { kind: 'of-a-newer-version' } });
    expect(entry.litellm_params['api_key']).toBe('byok-credential-missing');
    expect(entry.model_info['signalbox']).toMatchObject({ needs_key: true });
  });

  it('of a server without keys never makes LiteLLM look for one in its environment', () => {
    const { litellm_params } = entryOf({
      credential: null,
      provider: { kind: 'vllm', baseUrl: 'http://a/v1' },
    });
    expect(litellm_params).toEqual({
      model: 'hosted_vllm/gpt-4o-mini',
      api_key: 'no-key-needed',
      api_base: 'http://a/v1',
    });
  });

  it("takes its own address before its provider's, and that before the kind's", () => {
    const provider = { kind: 'ollama', baseUrl: 'http://provider' };
    expect(entryOf({ provider, baseUrl: 'http://own' }).litellm_params['api_base']).toBe('http://own');
    expect(entryOf({ provider }).litellm_params['api_base']).toBe('http://provider');
    expect(entryOf({ provider: { kind: 'ollama' } }).litellm_params['api_base']).toBe(
      'http://127.0.0.1:11434',
    );
  });

  it('of a demo provider answers by itself, for nothing', () => {
    const { litellm_params } = entryOf({ credential: null, provider: { kind: 'demo' } });
    expect(litellm_params).toMatchObject({
      mock_response: expect.stringContaining('canned') as unknown,
      input_cost_per_token: 0,
      output_cost_per_token: 0,
    });
  });

  it('of a demo provider answers an embedding with numbers', () => {
    const deployments = [
      aDeployment({ provider: { kind: 'demo' }, litellmParams: { mock_response: 'a text' } }),
    ];
    const { yaml } = compileLitellmConfig(aSnapshot(aModel({ mode: 'embedding', deployments })));
    const answer = read(yaml).model_list[0]!.litellm_params['mock_response'];
    expect(answer).toEqual(expect.arrayContaining([expect.any(Number)]));
  });

  it.each([
    ['embedding' as const, 'ollama', 'ollama/m'],
    ['chat' as const, 'ollama', 'ollama_chat/m'],
    ['rerank' as const, 'cohere', 'cohere/m'],
    ['chat' as const, 'litellm', 'm'],
  ])('for %s at %s is %s', (mode, kind, expected) => {
    const deployment = aDeployment({ upstreamModel: 'm', provider: { kind } });
    const { yaml } = compileLitellmConfig(aSnapshot(aModel({ mode, deployments: [deployment] })));
    expect(read(yaml).model_list[0]!.litellm_params['model']).toBe(expected);
  });

  it('behind a wildcard has no mode, since its models have several', () => {
    const model = aModel({ name: 'openai/*', deployments: [aDeployment({ upstreamModel: '*' })] });
    const [entry] = read(compileLitellmConfig(aSnapshot(model)).yaml).model_list;
    expect(entry).toMatchObject({ litellm_params: { model: 'openai/*' }, model_info: { id: 'dep_1' } });
    expect(entry?.model_info).not.toHaveProperty('mode');
  });

  it.each(['deployment', 'provider', 'model'])('is left out when its %s is switched off', (which) => {
    const deployment = aDeployment({
      enabled: which !== 'deployment',
      provider: { enabled: which !== 'provider' },
    });
    const compiled = compileLitellmConfig(
      aSnapshot(aModel({ enabled: which !== 'model', deployments: [deployment] })),
    );
    expect(compiled).toMatchObject({ deploymentIds: [], models: [] });
  });
});
