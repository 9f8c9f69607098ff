import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireOperator } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { kindOfEnvironmentVariable, ProviderService } from '@signalbox/domain/providers';
import type { EntityManager } from 'typeorm';
import { CredentialAnnouncer } from './credential-announcer';
import { newCredential } from './credential-factory';
import { CredentialRepository } from './credential.repository';
import {
  anotherEnabled,
  awaitCheck,
  disabledByRequest,
  switchOff,
  variableMissing,
} from './credential-state';

/** A provider key in the runner's environment, by name and marks; never the key. */
export interface EnvironmentKey {
  name: string;
  fingerprint: string;
  last4: string;
}

export interface EnvironmentSync {
  added: string[];
  changed: string[];
  disabled: string[];
  /** Variables that no kind of provider names. */
  ignored: string[];
}

const platformOwner = {
  ownerType: 'platform',
  organizationId: null,
  workspaceId: null,
  userId: null,
} as const;
const referenceOf = (variable: string): string => `env:${variable}`;

/** Platform credentials that are variables of LiteLLM's process. */
@Injectable()
export class EnvironmentCredentialService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
    private readonly announcer: CredentialAnnouncer,
    private readonly providers: ProviderService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Makes the rows say what the environment says: new variables become credentials of their vendor's provider, which
   * is made when there is none; a changed key changes the marks; a vanished one is disabled, since deployments may
   * still name it. What a person disabled stays disabled. Does nothing when called again.
   */
  async sync(caller: Caller, keys: readonly EnvironmentKey[]): Promise<EnvironmentSync> {
    requireOperator(caller, 'models:write');
    const result = await this.transactions.run('platform', async (manager) => {
      const known = await this.credentials.listEnvironmentForUpdate(manager);
      const done: EnvironmentSync = { added: [], changed: [], disabled: [], ignored: [] };
      for (const key of keys) {
        const credential = known.find(({ reference }) => reference === referenceOf(key.name));
        if (credential) await this.refresh(manager, caller, credential, key, done);
        else await this.add(manager, caller, key, done);
      }
      const present = new Set(keys.map(({ name }) => referenceOf(name)));
      for (const credential of known) {
        if (credential.enabled && !present.has(credential.reference ?? '')) {
          await this.disable(manager, caller, credential, done);
        }
      }
      return done;
    });
    await this.announcer.live('platform');
    return result;
  }

  private async add(
    manager: EntityManager,
    caller: Caller,
    key: EnvironmentKey,
    done: EnvironmentSync,
  ): Promise<void> {
    const kind = kindOfEnvironmentVariable(key.name);
    if (kind === null) {
      done.ignored.push(key.name);
      return;
    }
    const provider = await this.providers.findOrCreateVendorOwn(manager, caller, kind);
    const now = this.clock.now();
    const credential = newCredential(caller, platformOwner, provider, 'env', now);
    credential.reference = referenceOf(key.name);
    setMarks(credential, key);
    if (await this.isPlaceFree(manager, credential)) awaitCheck(credential, now);
    else switchOff(credential, anotherEnabled, now);
    await this.announcer.created(manager, caller, credential, null, 'byok_key_added', audited(credential));
    done.added.push(key.name);
  }

  private async refresh(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    key: EnvironmentKey,
    done: EnvironmentSync,
  ): Promise<void> {
    const isWanted = !credential.enabled && credential.stateReason !== disabledByRequest;
    const isBack = isWanted && (await this.isPlaceFree(manager, credential));
    if (!isBack && credential.fingerprint === key.fingerprint) return;
    setMarks(credential, key);
    if (isBack || credential.enabled) awaitCheck(credential, this.clock.now());
    await this.announcer.changed(manager, caller, credential, 'byok_key_updated', audited(credential));
    done.changed.push(key.name);
  }

  /** A key that somebody saved for the platform goes before one of the environment. */
  private async isPlaceFree(manager: EntityManager, { providerId }: CredentialEntity): Promise<boolean> {
    return (await this.credentials.findEnabledId(manager, 'platform', providerId, 'inference')) === null;
  }

  private async disable(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    done: EnvironmentSync,
  ): Promise<void> {
    switchOff(credential, variableMissing, this.clock.now());
    await this.announcer.changed(manager, caller, credential, 'credential.disabled', audited(credential));
    done.disabled.push((credential.reference ?? '').slice(referenceOf('').length));
  }
}

function setMarks(credential: CredentialEntity, { fingerprint, last4 }: EnvironmentKey): void {
  credential.fingerprint = fingerprint;
  credential.last4 = last4;
}

function audited(credential: CredentialEntity): Record<string, unknown> {
  const { reference, fingerprint, enabled, providerId } = credential;
  return { reference, fingerprint, enabled, providerId };
}
