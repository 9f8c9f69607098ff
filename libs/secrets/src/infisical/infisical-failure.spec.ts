import { failureOf, InfisicalFailure, kindOfAnswer, storeErrorOf } from './infisical-failure';

describe('an answer of Infisical means the same in both dialects', () => {
  test.each([
    [400, 'Secret not found', 'secret_missing'],
    [404, "Secret with name 'Folder not found' not found", 'secret_missing'],
    [400, 'Folder not found for the given environment slug & secret path', 'folder_missing'],
    [404, "Folder with path '/a' in environment with slug 'prod' not found", 'folder_missing'],
    [400, 'Environment not found', 'environment_missing'],
    [404, "Project with ID 'x' not found", 'environment_missing'],
    [400, 'Secret already exist', 'duplicate'],
    [400, "Secret with name 'X' already exists", 'duplicate'],
    [401, 'Token missing', 'denied'],
    [403, 'Your token has expired. Please re-authenticate.', 'denied'],
    [403, 'You are not allowed to read on secrets', 'denied'],
    [413, 'Body is too large', 'invalid'],
    [422, '{"message":"Secret name cannot contain :"}', 'invalid'],
    [400, 'Something is wrong', 'invalid'],
    [404, 'Route GET:/api/v3/secrets/raw not found', 'unavailable'],
    [408, '', 'unavailable'],
    [429, 'Rate limit exceeded', 'unavailable'],
    [500, 'Secret not found', 'unavailable'],
    [504, '', 'unavailable'],
  ])('%i %s is %s', (status, text, kind) => {
    expect(kindOfAnswer(status, text)).toBe(kind);
  });
});

describe('an error of the SDK', () => {
  const url = 'https://infisical.example/api/v3/secrets/raw/OPENAI__1?secretPath=%2Fsignalbox';

  test.each([
    [`[URL=${url}] [Method=GET] [StatusCode=403] You are not allowed`, 'denied'],
    [`[URL=${url}] [Method=GET] [StatusCode=404] Secret with name 'OPENAI__1'\n not found`, 'secret_missing'],
    ['Request failed with status 401', 'denied'],
    ['Request failed with status 422', 'invalid'],
    ['Request failed with status 404', 'unavailable'],
    ['Request failed with status 502', 'unavailable'],
    ['fetch failed', 'unavailable'],
    ['This operation was aborted', 'unavailable'],
    ["Cannot read properties of undefined (reading 'secret')", 'unavailable'],
  ])('%s is %s', (message, kind) => {
    expect(failureOf(new Error(message)).kind).toBe(kind);
  });

  test('gives nothing of itself to the one that is thrown on', () => {
    const error = storeErrorOf(new Error(`[URL=${url}] [Method=GET] [StatusCode=403] sk-canary`));
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
      /infisical\.example|OPENAI__1|sk-canary/,
    );
  });

  test('is recognized by its text alone, and anything else counts as no answer', () => {
    expect(failureOf('fetch failed').kind).toBe('unavailable');
    expect(failureOf(null).kind).toBe('unavailable');
    const own = new InfisicalFailure('hidden');
    expect(failureOf(own)).toBe(own);
  });
});
