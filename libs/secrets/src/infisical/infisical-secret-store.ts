import type { Clock, Logger } from '@signalbox/common';
import type { InfisicalConfig } from '@signalbox/config';
import {
  type SecretAddress,
  type SecretListing,
  type SecretStore,
  SecretStoreError,
  type StoredSecret,
} from '../secret-store';
import { assertAddress, assertOurs, assertOwner, assertStorable } from '../storable-secret';
import { CallSlots } from './call-slots';
import { CircuitBreaker } from './circuit-breaker';
import { within } from './deadline';
import { FolderSnapshots, type FolderView } from './folder-snapshots';
import { InfisicalCalls } from './infisical-calls';
import { storeErrorOf } from './infisical-failure';
import { defaultInfisicalOptions, type InfisicalOptions } from './infisical-options';
import { folderOf } from './infisical-paths';
import { InfisicalSession } from './infisical-session';
import { InfisicalVault } from './infisical-vault';
import { InfisicalWriter } from './infisical-writer';
import { watchRetryAfter } from './retry-after-watch';

export interface InfisicalSecretStoreSetup {
  readonly config: InfisicalConfig;
  readonly maxStaleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options?: Partial<InfisicalOptions>;
}

/**
 * Provider keys in Infisical, by its SDK 5.0.2. One folder per owner and area; reads come from snapshots of folders, so
 * that a call of a model costs no request, and survives an Infisical that is away for a while.
 */
export class InfisicalSecretStore implements SecretStore {
  readonly kind = 'infisical';
  private readonly config: InfisicalConfig;
  private readonly options: InfisicalOptions;
  private readonly session: InfisicalSession;
  private readonly vault: InfisicalVault;
  private readonly writer: InfisicalWriter;
  private readonly snapshots: FolderSnapshots;
  private readonly endWatch: () => void;
  private isClosed = false;

  constructor({ config, maxStaleMs, clock, logger, options }: InfisicalSecretStoreSetup) {
    this.config = config;
    this.options = { ...defaultInfisicalOptions, ...options };
    const { maxConcurrentCalls, maxWaitingCalls } = this.options;
    const breaker = new CircuitBreaker(this.options, clock, logger);
    const slots = new CallSlots(maxConcurrentCalls, maxWaitingCalls);
    this.session = new InfisicalSession(config, this.options, clock, logger);
    this.vault = new InfisicalVault(new InfisicalCalls(this.session, breaker, slots), config);
    this.writer = new InfisicalWriter(this.vault);
    this.snapshots = new FolderSnapshots(
      (signal, path) => this.vault.folder(signal, path),
      maxStaleMs,
      this.options,
      clock,
    );
    this.endWatch = watchRetryAfter(
      config.url,
      () => clock.nowMs(),
      (waitMs) => breaker.holdFor(waitMs),
    );
  }

  read(address: SecretAddress): Promise<StoredSecret> {
    return this.asStore(() => this.find(address));
  }

  write(address: SecretAddress, value: string): Promise<void> {
    return this.asStore(async () => {
      assertAddress(address);
      assertStorable(address, value);
      const path = this.pathOf(address);
      try {
        await within(this.options.writeTimeoutMs, (signal) =>
          this.writer.write(signal, path, address.name, value),
        );
      } finally {
        this.reload(path);
      }
    });
  }

  delete(address: SecretAddress): Promise<void> {
    return this.asStore(async () => {
      assertAddress(address);
      assertOurs(address);
      const path = this.pathOf(address);
      this.snapshots.forget(path, address.name);
      await within(this.options.writeTimeoutMs, (signal) => this.writer.delete(signal, path, address.name));
      this.snapshots.forget(path, address.name);
      this.reload(path);
    });
  }

  list(organizationId: string | null, area: SecretAddress['area']): Promise<SecretListing> {
    return this.asStore(async () => {
      assertOwner(organizationId);
      const view = await this.snapshots.newView(folderOf(this.config.path, organizationId, area));
      const secrets = [...view.secrets.values()].map(({ name, version }) => ({ name, version }));
      return { secrets, isComplete: view.isThere };
    });
  }

  /** The organizations that have a folder of their own, whatever is in it. */
  organizations(): Promise<string[]> {
    return this.asStore(() =>
      within(this.options.readTimeoutMs, (signal) =>
        this.vault.folderNames(signal, `${this.config.path}/organizations`),
      ),
    );
  }

  /** Whether people made a folder for keys that they keep by hand. */
  hasArea(organizationId: string | null, area: SecretAddress['area']): Promise<boolean> {
    return this.asStore(() => {
      assertOwner(organizationId);
      const path = folderOf(this.config.path, organizationId, area);
      return within(this.options.readTimeoutMs, (signal) => this.vault.hasFolder(signal, path));
    });
  }

  /** Login, project and environment; our folder itself is made with the first secret. */
  check(): Promise<void> {
    return this.asStore(async () => {
      await within(this.options.readTimeoutMs, (signal) => this.vault.folderNames(signal, this.config.path));
    });
  }

  /** What lies there may have changed: the next read asks Infisical. @param path none: anywhere */
  hintChanged(path = '/'): void {
    this.snapshots.invalidateUnder(path);
  }

  /** Forgets every secret and gives the access token back. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.endWatch();
    this.snapshots.clear();
    await this.session.close();
  }

  private async find(address: SecretAddress): Promise<StoredSecret> {
    assertAddress(address);
    const path = this.pathOf(address);
    const view = await this.snapshots.view(path);
    const known = found(view, address.name);
    if (known) return known;
    // What is not in an old answer may be there by now.
    if (view.isLastKnownGood) throw new SecretStoreError('unavailable', 'Infisical does not answer.');
    if (this.snapshots.isKnownMissing(path, address.name)) throw missing();
    const late = found(await this.snapshots.newView(path), address.name);
    if (late) return late;
    this.snapshots.rememberMissing(path, address.name);
    throw missing();
  }

  /** After a change of ours, so that the next read need not wait; a failure is that read's to tell. */
  private reload(path: string): void {
    this.snapshots.invalidate(path);
    if (!this.isClosed) this.snapshots.view(path).catch(() => undefined);
  }

  private pathOf({ organizationId, area }: SecretAddress): string {
    return folderOf(this.config.path, organizationId, area);
  }

  private async asStore<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      if (this.isClosed) throw new SecretStoreError('unavailable', 'The secret store is closed.');
      return await work();
    } catch (error) {
      throw storeErrorOf(error);
    }
  }
}

function found(view: FolderView, name: string): StoredSecret | null {
  const secret = view.secrets.get(name);
  if (!secret) return null;
  if (secret.value === null) {
    throw new SecretStoreError(
      'denied',
      'Infisical hides the value from our machine identity. Give its role the permission to read values.',
    );
  }
  return { value: secret.value, version: secret.version, ageMs: view.ageMs };
}

function missing(): SecretStoreError {
  return new SecretStoreError('not_found', 'Infisical has no such secret.');
}
