import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { dialectNames, dialects } from './provider-validation.answers';
import { faults, hashOfKey, ProviderValidationStandIn } from './provider-validation.stand-in';

describe('stand-in of the routes that check keys, judged by the vendors SDKs', () => {
  let provider: ProviderValidationStandIn;
  const openai = (apiKey: string, kind: 'openai' | 'groq' | 'fireworks' | 'mistral' = 'openai'): OpenAI =>
    new OpenAI({ apiKey, baseURL: provider.baseUrl(kind), maxRetries: 0 });
  const anthropic = (apiKey: string): Anthropic =>
    new Anthropic({ apiKey, baseURL: provider.baseUrl('anthropic'), maxRetries: 0 });

  beforeAll(async () => {
    provider = await ProviderValidationStandIn.start();
  });
  beforeEach(() => {
    provider.reset();
    provider.setKey('sk-good', 'good');
    provider.setKey('sk-empty', 'outOfCredit');
    provider.setKey('sk-limited', 'forbidden');
  });
  afterAll(() => provider.close());

  it.each(['openai', 'groq', 'fireworks', 'mistral'] as const)(
    "lists %s's models to a good key",
    async (kind) => {
      expect((await openai('sk-good', kind).models.list()).data[0]).toMatchObject({ object: 'model' });
      await expect(openai('sk-bad', kind).models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    },
  );

  it("answers in OpenAI's errors", async () => {
    await expect(openai('sk-bad').models.list()).rejects.toMatchObject({ code: 'invalid_api_key' });
    const empty: unknown = await openai('sk-empty')
      .models.list()
      .catch((error: unknown) => error);
    expect(empty).toBeInstanceOf(OpenAI.RateLimitError);
    expect(empty).toMatchObject({ code: 'insufficient_quota' });
    await expect(openai('sk-limited').models.list()).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError);
    provider.misbehave(faults.internalError);
    await expect(openai('sk-good').models.list()).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  });

  it("answers in Anthropic's errors", async () => {
    expect((await anthropic('sk-good').models.list()).data[0]).toMatchObject({ type: 'model' });
    const refused: unknown = await anthropic('sk-bad')
      .models.list()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(anthropic('sk-limited').models.list()).rejects.toBeInstanceOf(
      Anthropic.PermissionDeniedError,
    );
    provider.misbehave(faults.overloaded);
    await expect(anthropic('sk-good').models.list()).rejects.toMatchObject({ status: 529 });
  });

  it('keeps hashes of keys, and no key', async () => {
    await openai('sk-good').models.list();
    expect(provider.requests).toEqual([
      { provider: 'openai', method: 'GET', url: '/openai/v1/models', keyHash: hashOfKey('sk-good') },
    ]);
    expect(provider.countOf('sk-good')).toBe(1);
    expect(JSON.stringify(provider.requests)).not.toContain('sk-good');
  });

  it('misbehaves towards one provider, as often as told', async () => {
    provider.misbehave(faults.rateLimited, { provider: 'openai', times: 1 });
    const limited: unknown = await openai('sk-good')
      .models.list()
      .catch((error: unknown) => error);
    expect((limited as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('17');
    await expect(anthropic('sk-good').models.list()).resolves.toBeDefined();
    await expect(openai('sk-good').models.list()).resolves.toBeDefined();
  });

  it.each(dialectNames)('knows where %s checks keys', async (kind) => {
    const { basePath, path } = dialects[kind];
    expect(path.startsWith(basePath)).toBe(true);
    const response = await fetch(`${provider.origin}/${kind}/nowhere`);
    expect(response.status).toBe(404);
  });
});
