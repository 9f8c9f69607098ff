import { providerKinds } from '@signalbox/domain/providers';
import { refusedKey } from '../../libs/domain/src/attempts/refused-key';
import { hashOfKey } from '../stand-ins/provider.stand-in';
import { faultMark, vendorNames, vendors, type VendorStandIn } from '../stand-ins/vendor.stand-in';
import type { VendorName } from '../stand-ins/vendor.types';
import type { ChatOutcome } from '../support/e2e/chat-client';
import { createTenant } from '../support/e2e/tenants';
import {
  createFaultyKeys,
  createOwnAddresses,
  faultyModelOf,
  type FaultyKeys,
  keyedVendors,
  modelOf,
  type OwnFault,
  platformKeyOf,
  removeVendors,
  useVendors,
} from '../support/e2e/vendor-models';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';

interface Booked {
  attempts: { failure: string | null }[];
  provider: string | null;
  status_code: number;
}

interface Reported {
  credential_id: string;
  provider: string | null;
  status: 'success' | 'failure';
  error_class: string | null;
  status_code: number | null;
}

/**
 * What a release says of each kind of provider leads the real LiteLLM to the vendor's own route, in the vendor's own words; and what
 * the vendor answers comes back as the client's dialect has it.
 */
describe('every provider of the matrix, through LiteLLM', () => {
  let stack: E2eStack;
  let standIn: VendorStandIn;
  let key: string;
  let keyToOwnAddresses: string;
  const faulty = {} as Record<OwnFault, FaultyKeys>;

  beforeAll(async () => {
    stack = useStack();
    standIn = await useVendors(stack);
    const { workspaceId } = await createTenant(stack, 'vendors');
    ({ key } = await stack.api.createKey(workspaceId));
    faulty.refused = await createFaultyKeys(stack, standIn, 'refused');
    faulty.limited = await createFaultyKeys(stack, standIn, 'limited');
    keyToOwnAddresses = (await createOwnAddresses(stack, standIn)).key;
  });
  afterAll(async () => {
    await removeVendors(stack);
    await standIn.close();
    await stack.close();
  });

  const received = (vendor: VendorName) => standIn.requests.filter((request) => request.vendor === vendor);

  /** With the keys that fail so; at servers that look at none, by what is asked. */
  const failing = (vendor: VendorName, fault: OwnFault): Promise<ChatOutcome> =>
    stack.chat.send({
      key: providerKinds[vendor].needsKey ? faulty[fault].virtualKey.key : key,
      model: faultyModelOf(vendor, fault),
      prompt: providerKinds[vendor].needsKey ? 'with a key of my own' : faultMark(fault),
    });

  const booked = async (outcome: ChatOutcome): Promise<Booked> =>
    waitUntil(
      async () => {
        const [row] = await stack.stores.query<Booked>(
          'SELECT attempts, provider, status_code FROM usage_events WHERE request_id = $1',
          [outcome.headers['x-request-id']],
        );
        return row ?? null;
      },
      { deadlineMs: 20_000, what: 'the usage event' },
    );

  describe.each(vendorNames)('%s', (vendor) => {
    it('answers, asked with the key that pays', async () => {
      const before = received(vendor).length;
      const answer = await stack.chat.expectAnswer({ key, model: modelOf(vendor) });
      expect(answer.headers).toMatchObject({
        'x-signalbox-provider': vendor,
        'x-signalbox-route': 'litellm',
      });
      const { usage } = answer.body as { usage: Record<string, number> };
      expect(usage['prompt_tokens']).toBeGreaterThan(0);
      expect(usage['completion_tokens']).toBeGreaterThan(0);
      const calls = received(vendor).slice(before);
      expect(calls).toMatchObject([{ method: 'POST', status: 200 }]);
      if (providerKinds[vendor].needsKey) expect(calls[0]?.keyHash).toBe(hashOfKey(platformKeyOf(vendor)));
    });

    it('streams', async () => {
      const answer = await stack.chat.expectAnswer({ key, model: modelOf(vendor), isStreamed: true });
      expect(answer.headers['x-signalbox-provider']).toBe(vendor);
    });

    it("finds a prompt too long: the client's own mistake", async () => {
      const refused = await stack.chat.send({ key, model: modelOf(vendor), prompt: faultMark('tooLong') });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.status).toBeLessThan(500);
      expect((await booked(refused)).attempts).toMatchObject([{ failure: 'client_error' }]);
    });

    it('refuses a key: the edge knows that it was the key', async () => {
      const refused = await failing(vendor, 'refused');
      expect(refused.status).not.toBe(200);
      expect((await booked(refused)).attempts).toMatchObject([{ failure: 'credential_refused' }]);
    });

    it('is asked too often: the edge knows that it was not the key', async () => {
      const limited = await failing(vendor, 'limited');
      expect(limited.status).toBe(429);
      expect((await booked(limited)).attempts).toMatchObject([{ failure: 'rate_limited' }]);
    });
  });

  it.each(keyedVendors)("reaches %s at a customer's own address, through the relay", async (vendor) => {
    const answer = await stack.chat.expectAnswer({ key: keyToOwnAddresses, model: modelOf(vendor) });
    expect(answer.headers['x-signalbox-route']).toBe('litellm');
  });

  it('has its worker look again at each key that was refused, and at none that was only too fast', async () => {
    const reported = async (fault: OwnFault): Promise<Reported[]> => {
      const ids = keyedVendors.map((vendor) => faulty[fault].credentials[vendor]?.id);
      return stack.stores.query<Reported>(
        'SELECT credential_id, provider, status, error_class, status_code FROM attempts WHERE credential_id = ANY($1)',
        [ids],
      );
    };
    await waitUntil(
      async () =>
        [...(await reported('refused')), ...(await reported('limited'))].length >= 2 * keyedVendors.length,
      { deadlineMs: 20_000, what: "what LiteLLM's hook tells of every call" },
    );
    expect((await reported('refused')).filter((attempt) => !refusedKey(attempt))).toEqual([]);
    expect((await reported('limited')).filter(refusedKey)).toEqual([]);
    for (const vendor of keyedVendors) {
      const { id } = faulty.limited.credentials[vendor]!;
      const { state, enabled } = await stack.api.getCredential(id);
      expect([vendor, enabled, state === 'invalid' || state === 'exhausted']).toEqual([vendor, true, false]);
    }
  });

  it('knows every vendor by its own words', () => {
    expect(Object.keys(vendors).sort()).toEqual(
      Object.keys(providerKinds)
        .filter((kind) => kind !== 'litellm' && kind !== 'demo')
        .sort(),
    );
  });
});
