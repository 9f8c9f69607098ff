import { VirtualKeyEntity } from '@signalbox/database';
import { parseProjectionDocument } from '@signalbox/gateway';
import fc from 'fast-check';
import { buildCatalogueDocument, buildKeyDocument, endOfValue, plainDecimal } from './build-documents';

const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
const maybeDate = fc.option(date);
const maybeLimit = fc.option(fc.nat(2_147_483_647));
const amount = fc
  .tuple(fc.nat(999_999_999), fc.nat(999_999_999))
  .map(([whole, decimals]) => `${whole}.${String(decimals).padStart(9, '0')}`);

const key = fc
  .record({
    id: fc.constant('key_1'),
    version: fc.integer({ min: 1, max: 1_000_000 }),
    organizationId: fc.constant('org_1'),
    workspaceId: fc.constant('ws_1'),
    keyAlias: fc.option(fc.string({ maxLength: 255 })),
    userId: fc.option(fc.stringMatching(/^[A-Za-z0-9._@+:-]{1,128}$/)),
    models: fc.array(fc.string({ minLength: 1, maxLength: 255 }), { maxLength: 5 }),
    maxBudget: fc.option(amount),
    budgetDuration: fc.option(fc.constantFrom('30d', '1h')),
    rpmLimit: maybeLimit,
    rphLimit: maybeLimit,
    rpdLimit: maybeLimit,
    tpmLimit: maybeLimit,
    tphLimit: maybeLimit,
    tpdLimit: maybeLimit,
    serviceId: fc.option(fc.constant('svc_1')),
    maxParallelRequests: maybeLimit,
    blocked: fc.boolean(),
    expiresAt: maybeDate,
    revokedAt: maybeDate,
    deletedAt: maybeDate,
  })
  .map((fields) => Object.assign(new VirtualKeyEntity(), fields));

describe('documents of virtual keys', () => {
  it('are always readable for the edge, and carry the version first, where the writer looks for it', () => {
    fc.assert(
      fc.property(key, maybeDate, (virtualKey, validUntil) => {
        const { text, version } = buildKeyDocument({ keyHash: 'h', validUntil, virtualKey });
        expect(parseProjectionDocument('key', text)).toEqual(JSON.parse(text));
        expect(/^\{"v":(\d+),/.exec(text)?.[1]).toBe(String(version));
      }),
    );
  });

  it('end with the key or with the value, whichever comes first', () => {
    fc.assert(
      fc.property(maybeDate, maybeDate, (validUntil, expiresAt) => {
        const ends = [validUntil, expiresAt].flatMap((end) => (end ? [end.getTime()] : []));
        expect(endOfValue(validUntil, expiresAt)?.getTime() ?? null).toBe(
          ends.length === 0 ? null : Math.min(...ends),
        );
      }),
    );
  });

  it('name the strongest reason to refuse the key', () => {
    const statusOf = (fields: Partial<VirtualKeyEntity>): unknown => {
      const base = {
        version: 1,
        expiresAt: null,
        revokedAt: null,
        deletedAt: null,
        maxBudget: null,
        userId: null,
        serviceId: null,
      };
      const virtualKey = Object.assign(new VirtualKeyEntity(), { ...base, ...fields });
      return JSON.parse(buildKeyDocument({ keyHash: 'h', validUntil: null, virtualKey }).text).status;
    };
    const now = new Date();
    expect(statusOf({})).toBe('active');
    expect(statusOf({ blocked: true })).toBe('blocked');
    expect(statusOf({ blocked: true, revokedAt: now })).toBe('revoked');
    expect(statusOf({ blocked: true, revokedAt: now, deletedAt: now })).toBe('deleted');
  });
});

describe('decimals', () => {
  it.each([
    ['10.000000000', '10'],
    ['0.100000000', '0.1'],
    ['100', '100'],
    ['0.000000001', '0.000000001'],
  ])('%s is %s', (stored, plain) => expect(plainDecimal(stored)).toBe(plain));

  it('keep their value', () => {
    fc.assert(fc.property(amount, (stored) => Number(plainDecimal(stored)) === Number(stored)));
  });
});

describe('the catalogue', () => {
  it('is readable for the edge, with and without a release', () => {
    const release = {
      id: 'rel_1',
      number: 4,
      models: [{ name: 'smart', mode: 'chat' as const, is_demo: true, deployment_ids: ['dep_1'] }],
    };
    const deployments = [
      {
        id: 'dep_1',
        provider_id: 'prov_1',
        provider_kind: 'openai',
        needs_key: true,
        credential_id: null,
        weight: 1,
        order: 0,
        upstream_model: 'gpt-4o',
        base_url: null,
      },
    ];
    const told = { ...release, models: release.models.map((model) => ({ ...model, deployments })) };
    for (const active of [null, release, told]) {
      const { text } = buildCatalogueDocument(active);
      expect(parseProjectionDocument('catalogue', text)).toEqual(JSON.parse(text));
    }
  });
});
