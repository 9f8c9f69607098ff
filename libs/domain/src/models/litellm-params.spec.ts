import { AppError } from '@signalbox/common';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLitellmParams, litellmParamProblem, litellmParamRules } from './litellm-params';

const names = Object.keys(litellmParamRules);

it('lists every parameter in docs/config-releases.md', () => {
  const documentation = readFileSync(join(__dirname, '../../../../docs/config-releases.md'), 'utf8');
  expect(names.filter((name) => !documentation.includes(`\`${name}\``))).toEqual([]);
});

it('takes no name that is not listed, whatever its value', () => {
  const unlisted = fc.string().filter((name) => !names.includes(name));
  fc.assert(
    fc.property(unlisted, fc.jsonValue(), (name, value) => {
      expect(litellmParamProblem(name, value, 'openai')).toContain('not a parameter');
    }),
  );
});

it('takes no names that every object has', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(litellmParamProblem(name, 1, 'openai')).not.toBeNull();
  }
});

it('answers any value of any listed parameter with a yes or a reason, never with a crash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
      const problem = litellmParamProblem(name, value, 'demo');
      expect(problem === null || problem.length > 0).toBe(true);
    }),
  );
});

it('takes no reference to the environment and no secret, wherever it hides', () => {
  const smuggled = fc.constantFrom('os.environ/OPENAI_API_KEY', 'OS.ENVIRON/X', 'sk-0123456789abcdef');
  const around = fc.constantFrom(
    (text: string) => ({ name: 'extra_body', value: { deep: [{ er: text }] } }),
    (text: string) => ({ name: 'mock_response', value: `say ${text}` }),
    (text: string) => ({ name: 'additional_drop_params', value: ['a', text] }),
    (text: string) => ({ name: 'organization', value: text }),
  );
  fc.assert(
    fc.property(smuggled, around, (text, wrap) => {
      const { name, value } = wrap(text);
      expect(litellmParamProblem(name, value, 'demo')).not.toBeNull();
    }),
  );
});

it.each([
  ['rpm', 1],
  ['weight', 0.5],
  ['timeout', 600],
  ['reasoning_effort', 'low'],
  ['drop_params', false],
  ['additional_drop_params', []],
  ['extra_body', { provider: { order: ['a'] } }],
  ['input_cost_per_token', 1e-7],
  ['api_version', '2024-10-21'],
])('takes %s: %j', (name, value) => {
  expect(litellmParamProblem(name, value, 'openai')).toBeNull();
});

it('takes canned answers for demo providers only', () => {
  expect(litellmParamProblem('mock_response', 'hello', 'demo')).toBeNull();
  expect(litellmParamProblem('mock_response', 'hello', 'openai')).toContain('demo');
});

it('names every parameter that is wrong at once', () => {
  const check = () => checkLitellmParams({ rpm: 'x', timeout: 5, api_key: 'y' }, 'openai');
  expect(check).toThrow(AppError);
  expect(check).toThrow(/rpm.*api_key/);
});
