import { errorOfAnswer } from './error-of-answer';

const openai = (message: string, type: string, param: string | null = null, code = '400'): object => ({
  error: { message, type, param, code },
});

/** The bodies are what LiteLLM 1.103.1 answered when it was run. */
describe("LiteLLM's refusals", () => {
  it.each([
    ['rejected', 400, openai("{'error': 'Team id = ws_1 already exists.'}", 'internal_server_error')],
    ['rejected', 400, openai("Key with alias 'a' already exists.", 'bad_request_error', 'key_alias')],
    ['rejected', 401, openai('Authentication Error', 'token_not_found_in_db', 'key', '401')],
    [
      'rejected',
      403,
      openai('only available for LiteLLM Enterprise users: tags', 'auth_error', 'None', '403'),
    ],
    ['rejected', 422, { detail: [{ type: 'less_than_equal', loc: ['query', 'size'] }] }],
    ['not_found', 404, openai('Key not found in database', 'not_found_error', 'key', '404')],
    ['not_found', 404, { detail: { error: 'Team not found, passed team_id=ws_none' } }],
    ['failed', 500, openai('Invalid duration format', 'internal_server_error', 'None', '500')],
    ['failed', 500, null],
    ['unreachable', 400, openai('No connected db.', 'no_db_connection')],
    ['unreachable', 500, openai("{'error': 'DB not connected. See ...'}", 'internal_server_error')],
    ['unreachable', 503, openai('Service Unavailable', 'no_db_connection', null, '503')],
  ])('%s: %i %j', (kind, status, body) => {
    expect(errorOfAnswer('keyInfo', status, body)).toMatchObject({ kind, status });
  });

  it('name the field, and never a key', () => {
    const body = openai('Key sk-sb-abcdefghijklmnop is bad', 'bad_request_error', 'key_alias');
    const error = errorOfAnswer('keyGenerate', 400, body);
    expect(error.param).toBe('key_alias');
    expect(error.message).toContain('sk-[redacted]');
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('abcdefghij');
  });

  it('are cut to a length that can be shown', () => {
    expect(errorOfAnswer('keyList', 500, openai('x'.repeat(5_000), 'y')).message.length).toBeLessThan(400);
  });
});
