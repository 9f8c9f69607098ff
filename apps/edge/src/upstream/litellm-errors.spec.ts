import { readLitellmError } from './litellm-errors';

const json = { 'content-type': 'application/json' };
const read = (
  dialect: 'openai' | 'anthropic',
  status: number,
  body: unknown,
  headers: Record<string, string> = json,
): unknown =>
  readLitellmError(
    dialect,
    status,
    headers,
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    'req_1',
  );

const own = { error: { message: 'too fast', type: 'throttling_error', param: 'None', code: '429' } };

describe('errors of LiteLLM', () => {
  it("pass on in OpenAI's form untouched", () => {
    expect(read('openai', 429, own)).toEqual({ kind: 'pass_on', body: own });
  });

  it("take Anthropic's form on Anthropic's routes", () => {
    expect(read('anthropic', 429, own)).toEqual({
      kind: 'pass_on',
      body: {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'too fast', code: '429' },
        request_id: 'req_1',
      },
    });
    const anthropic = { type: 'error', error: { type: 'overloaded_error', message: 'busy' } };
    expect(read('anthropic', 529, anthropic)).toEqual({ kind: 'pass_on', body: anthropic });
  });

  it.each([
    [{ detail: { error: 'model parameter is required' } }, 'model parameter is required'],
    [{ detail: own }, 'too fast'],
    [{ detail: 'Not Found' }, 'Not Found'],
    [{ detail: [{ msg: 'field required' }] }, 'LiteLLM answered with an error.'],
    ['<html>Bad gateway</html>', 'LiteLLM answered with an error.'],
    ['', 'LiteLLM answered with an error.'],
    ['null', 'LiteLLM answered with an error.'],
  ])('%j is brought into form', (body, message) => {
    expect(read('openai', 400, body)).toMatchObject({ kind: 'pass_on', body: { error: { message } } });
    expect(read('anthropic', 500, body)).toMatchObject({
      kind: 'pass_on',
      body: { type: 'error', error: { type: 'api_error', message } },
    });
  });

  it('show no HTML', () => {
    const html = { 'content-type': 'text/html' };
    expect(JSON.stringify(read('openai', 502, '<html>', html))).not.toContain('<html>');
  });

  it('with 401 are never shown as the fault of the client', () => {
    const context = {
      error: { message: 'refused', type: 'signalbox_context_error', param: null, code: '401' },
    };
    expect(read('openai', 401, context)).toEqual({ kind: 'replace', code: 'litellm_refused_context' });
    const provider = {
      error: { message: 'bad key: my-secret', type: 'authentication_error', param: null, code: '401' },
    };
    expect(read('anthropic', 401, provider)).toEqual({
      kind: 'replace',
      code: 'provider_credential_refused',
    });
  });

  it.each([
    ['signalbox_credential_unusable', 403, 'credential_unusable'],
    ['signalbox_credential_unavailable', 503, 'credential_unavailable'],
    ['signalbox_deployment_unavailable', 503, 'litellm_unavailable'],
  ])('of the hook are known by their mark: %s', (type, status, code) => {
    const message = `${type}: the broker refused it`;
    for (const dialect of ['openai', 'anthropic'] as const) {
      const replaced = { kind: 'replace', code };
      expect(read(dialect, status, { error: { message, type, param: null, code: String(status) } })).toEqual(
        replaced,
      );
      // Whatever status and type LiteLLM makes of it.
      expect(read(dialect, 500, { type: 'error', error: { type: 'api_error', message } })).toEqual(replaced);
    }
  });

  it('of a provider do not pass for the marks of the hook', () => {
    const message = 'litellm.BadRequestError: OpenAIException - signalbox_credential_unavailable: x';
    const error = { message, type: null, param: null, code: '400' };
    expect(read('openai', 400, { error })).toMatchObject({ kind: 'pass_on' });
  });

  it('show no key that a provider quotes', () => {
    const quoting = {
      error: { message: 'no quota for sk-proj-0123456789', type: 'x', param: null, code: '403' },
    };
    for (const dialect of ['openai', 'anthropic'] as const) {
      const text = JSON.stringify(read(dialect, 403, quoting));
      expect(text).toContain('no quota');
      expect(text).not.toContain('0123456789');
    }
  });
});
