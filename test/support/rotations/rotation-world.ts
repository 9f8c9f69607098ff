import { ManualClock, newId, silentLogger } from '@signalbox/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  RotationEntity,
  RotationEventEntity,
  VirtualKeySecretEntity,
  WebhookDeliveryEntity,
  WebhookEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import {
  CredentialAnnouncer,
  CredentialSecrets,
  CredentialVersions,
  makeCurrent,
} from '@signalbox/domain/credentials';
import { OwnerNotifier } from '@signalbox/domain/notifications';
import { OutboxRepository } from '@signalbox/domain/outbox';
import type { ProjectionService } from '@signalbox/domain/projection';
import type { SecretStores } from '@signalbox/domain/secrets';
import {
  type VirtualKeyWithValue,
  VirtualKeyService,
  VirtualKeyValues,
} from '@signalbox/domain/virtual-keys';
import type { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { CredentialRepository } from '../../../libs/domain/src/credentials/credential.repository';
import { WebhookRepository } from '../../../libs/domain/src/notifications/webhook.repository';
import { CredentialRotationService } from '../../../libs/domain/src/rotations/credential-rotation.service';
import { CredentialRotationSteps } from '../../../libs/domain/src/rotations/credential-rotation.steps';
import { CredentialSwitch } from '../../../libs/domain/src/rotations/credential-switch';
import { ProviderKeyService } from '../../../libs/domain/src/rotations/provider-key.service';
import { RotationJournal } from '../../../libs/domain/src/rotations/rotation-journal';
import { RotationPlanner } from '../../../libs/domain/src/rotations/rotation-planner.service';
import { RotationRunner } from '../../../libs/domain/src/rotations/rotation-runner.service';
import { RotationViews } from '../../../libs/domain/src/rotations/rotation-views';
import { RotationFactory } from '../../../libs/domain/src/rotations/rotation.factory';
import { RotationRepository } from '../../../libs/domain/src/rotations/rotation.repository';
import { RotationService } from '../../../libs/domain/src/rotations/rotation.service';
import { VirtualKeyRotationService } from '../../../libs/domain/src/rotations/virtual-key-rotation.service';
import { VirtualKeyRotationSteps } from '../../../libs/domain/src/rotations/virtual-key-rotation.steps';
import { VirtualKeyFactory } from '../../../libs/domain/src/virtual-keys/virtual-key.factory';
import { VirtualKeyRepository } from '../../../libs/domain/src/virtual-keys/virtual-key.repository';
import { openTestDatabase, type TestDatabase } from '../test-database';
import { adminSecret, FakeProvider } from './fake-provider';
import { KillableTransactions, KillSwitch, MemorySecretStore } from './kill-switch';

const fingerprintKey = 'fingerprint-key-of-tests';
const encryptionKeys = [{ kid: 'test', key: Buffer.alloc(32, 5) }];
const tuning = { pauseBetweenProbesMs: 5_000, hookCacheMs: 35_000, lanes: 1 };
const longestStepMs = 24 * 3_600_000;

export interface SavedCredential {
  id: string;
  secret: string;
}

/** Rotations on a real PostgreSQL, with a provider and a secret store in memory, and a process that can be killed. */
export class RotationWorld {
  readonly clock = new ManualClock();
  readonly caller: Caller = systemCaller('test');
  readonly kill = new KillSwitch();
  readonly store = new MemorySecretStore(this.kill);
  readonly organizationId = newId('organization');
  readonly workspaceId = newId('workspace');
  readonly providerId = newId('provider');
  readonly starter: CredentialRotationService;
  readonly keyStarter: VirtualKeyRotationService;
  readonly service: RotationService;
  readonly runner: RotationRunner;
  readonly planner: RotationPlanner;
  readonly keys: VirtualKeyService;
  readonly versions: CredentialVersions;
  /** What was announced after commits. */
  readonly announced: string[] = [];
  readonly provider: FakeProvider;
  private ownerCount = 0;

  private constructor(
    readonly database: TestDatabase,
    isSelfRotating: boolean,
  ) {
    const { clock } = this;
    const provider = new FakeProvider(this.kill, isSelfRotating);
    this.provider = provider;
    const transactions = new KillableTransactions(database.dataSource, this.kill);
    const projection = {
      drainNow: (_topics: unknown, subject: string) => {
        this.announced.push(subject);
        return Promise.resolve();
      },
    } as unknown as ProjectionService;
    const jobs = { add: () => Promise.resolve(true) } as unknown as JobProducer;
    const stores = { active: this.store, of: () => this.store } as unknown as SecretStores;
    const outbox = new OutboxRepository();
    const audit = new AuditTrail(clock);
    const rotations = new RotationRepository();
    const announcer = new CredentialAnnouncer(new CredentialRepository(), outbox, audit, projection, clock);
    const notifier = new OwnerNotifier(new WebhookRepository(), clock);
    const journal = new RotationJournal(rotations, notifier, clock);
    const views = new RotationViews(rotations);
    const factory = new RotationFactory(clock);
    const driverOf = () => provider;
    this.versions = new CredentialVersions(stores, transactions, clock, fingerprintKey);
    const keyRepository = new VirtualKeyRepository();
    const keyFactory = new VirtualKeyFactory(clock, encryptionKeys);
    const values = new VirtualKeyValues(keyRepository, keyFactory, outbox, audit, projection, clock);
    const credentialSwitch = new CredentialSwitch(rotations, announcer, clock, tuning);
    const keySteps = new VirtualKeyRotationSteps(transactions, rotations, values, clock);
    this.keys = new VirtualKeyService(
      transactions,
      keyRepository,
      keyFactory,
      outbox,
      audit,
      projection,
      clock,
    );
    this.starter = new CredentialRotationService(
      transactions,
      rotations,
      factory,
      journal,
      views,
      new CredentialSecrets(this.versions, silentLogger),
      audit,
      jobs,
      driverOf,
    );
    this.keyStarter = new VirtualKeyRotationService(
      transactions,
      rotations,
      factory,
      journal,
      views,
      values,
      jobs,
    );
    this.service = new RotationService(
      transactions,
      rotations,
      journal,
      views,
      credentialSwitch,
      keySteps,
      audit,
      jobs,
      clock,
    );
    const steps = new CredentialRotationSteps(
      transactions,
      rotations,
      journal,
      credentialSwitch,
      this.versions,
      stores,
      new ProviderKeyService(transactions, rotations, this.versions, driverOf, [], silentLogger),
      driverOf,
      [],
      tuning,
      clock,
    );
    this.runner = new RotationRunner(
      transactions,
      rotations,
      journal,
      steps,
      keySteps,
      tuning,
      clock,
      silentLogger,
    );
    this.planner = new RotationPlanner(
      transactions,
      rotations,
      this.starter,
      notifier,
      driverOf,
      clock,
      silentLogger,
    );
  }

  static async open(isSelfRotating = false): Promise<RotationWorld> {
    const database = await openTestDatabase();
    const world = new RotationWorld(database, isSelfRotating);
    await database.transactions.run('platform', async (manager) => {
      await manager.insert(OrganizationEntity, { id: world.organizationId, name: 'acme' });
      await manager.insert(WorkspaceEntity, {
        id: world.workspaceId,
        organizationId: world.organizationId,
        name: 'main',
      });
      await manager.insert(ProviderEntity, { id: world.providerId, name: 'openai', kind: 'openai' });
      await manager.insert(WebhookEntity, {
        id: newId('webhook'),
        organizationId: world.organizationId,
        url: 'https://example.com/hook',
        sealedSecret: 'sealed',
        createdBy: 'test',
      });
    });
    return world;
  }

  /** A member's credential with one version, good at the provider, and the owner's admin key. */
  async saveCredential(more: Partial<CredentialEntity> = {}): Promise<SavedCredential> {
    const userId = `user-${(this.ownerCount += 1)}`;
    const secret = `sk-old-${this.ownerCount}-0123456789`;
    await this.insertCredential(adminSecret, { userId, purpose: 'admin' }, null);
    const { externalId } = this.provider.add(secret);
    const id = await this.insertCredential(secret, { userId, ...more }, externalId);
    return { id, secret };
  }

  /** One process takes steps, and time passes, until the rotation is over (or at the step). */
  async runToEnd(rotationId: string, untilStep?: string): Promise<RotationEntity> {
    for (let round = 0; round < 200; round += 1) {
      await this.runner.advanceDue(new AbortController().signal);
      const rotation = await this.rotation(rotationId);
      if (rotation.finishedAt !== null || rotation.step === untilStep) return rotation;
      this.passTimeOf(rotation);
    }
    throw new Error(`the rotation does not end: ${JSON.stringify(await this.rotation(rotationId))}`);
  }

  passTimeOf({ nextStepAt }: RotationEntity): void {
    const waitMs = (nextStepAt?.getTime() ?? 0) - this.clock.nowMs();
    this.clock.advanceMs(Math.min(Math.max(waitMs, 1), longestStepMs));
  }

  rotation(id: string): Promise<RotationEntity> {
    return this.platform((manager) => manager.findOneByOrFail(RotationEntity, { id }));
  }

  credential(id: string): Promise<CredentialEntity> {
    return this.platform((manager) => manager.findOneByOrFail(CredentialEntity, { id }));
  }

  versionsOf(credentialId: string): Promise<CredentialVersionEntity[]> {
    return this.platform((manager) =>
      manager.find(CredentialVersionEntity, { where: { credentialId }, order: { number: 'ASC' } }),
    );
  }

  secretsOf(virtualKeyId: string): Promise<VirtualKeySecretEntity[]> {
    return this.platform((manager) =>
      manager.find(VirtualKeySecretEntity, { where: { virtualKeyId }, order: { id: 'ASC' } }),
    );
  }

  async eventsOf(rotationId: string): Promise<string[]> {
    const events = await this.platform((manager) =>
      manager.find(RotationEventEntity, { where: { rotationId }, order: { id: 'ASC' } }),
    );
    return events.map(({ step, outcome }) => `${step} ${outcome}`);
  }

  async notified(): Promise<string[]> {
    const rows = await this.platform((manager) =>
      manager.find(WebhookDeliveryEntity, { order: { id: 'ASC' } }),
    );
    return rows.map(({ eventType }) => eventType);
  }

  async noteUse(version: { id: string }): Promise<void> {
    await this.platform((manager) =>
      manager.update(CredentialVersionEntity, { id: version.id }, { lastUsedAt: this.clock.now() }),
    );
  }

  createKey(): Promise<VirtualKeyWithValue> {
    return this.keys.create(this.caller, { workspaceId: this.workspaceId });
  }

  secretOf(version: CredentialVersionEntity): string | undefined {
    return this.store.values.get(version.secretName);
  }

  platform<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.database.transactions.run('platform', work);
  }

  private async insertCredential(
    secret: string,
    fields: Partial<CredentialEntity>,
    externalId: string | null,
  ): Promise<string> {
    const id = newId('credential', this.clock.nowMs());
    const target = { id, organizationId: this.organizationId, kind: 'openai' };
    const version = await this.versions.prepare(target, 1, secret, externalId);
    const credential = Object.assign(new CredentialEntity(), {
      id,
      organizationId: this.organizationId,
      providerId: this.providerId,
      ownerType: 'member',
      ownerKey: `${this.organizationId}/${fields.userId}`,
      state: 'verified',
      verifiedAt: this.clock.now(),
      rotation: {},
      ...fields,
    });
    makeCurrent(credential, version, this.clock.now());
    await this.platform(async (manager) => {
      await manager.insert(CredentialEntity, credential as object);
      const { credential: _credential, ...row } = version;
      await manager.insert(CredentialVersionEntity, row);
    });
    return id;
  }
}
