import { Inject, Injectable } from '@nestjs/common';
import { type Clock, type Logger, type NamedKey, unseal } from '@signalbox/common';
import { TenantTransactions, type VirtualKeySecretEntity } from '@signalbox/database';
import { CLOCK, ENCRYPTION_KEYS, LOGGER } from '@signalbox/domain/core';
import { isLitellmError, LitellmAdminClient, LitellmError, type LitellmKey } from '@signalbox/litellm-client';
import { type DesiredKey, desiredKey, type DesiredTeam, desiredTeam } from './desired-state';
import { LitellmKeyRestoreRepository } from './litellm-key-restore.repository';
import { diffKey, keySettings } from './mirror-diff';
import { failureReason } from './mirror-failure';
import { type KeySubject, MirrorRepository } from './mirror.repository';
import { TeamMirrorService } from './team-mirror.service';

/** Virtual keys as LiteLLM's keys: one for each value. */
@Injectable()
export class KeyMirrorService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: MirrorRepository,
    private readonly litellm: LitellmAdminClient,
    private readonly teams: TeamMirrorService,
    private readonly restores: LitellmKeyRestoreRepository,
    @Inject(ENCRYPTION_KEYS) private readonly encryptionKeys: NamedKey[],
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Reads the key's newest state, compares with LiteLLM, and writes. It reads again afterwards, since two workers may be at
   * the same key: whoever writes last also looks last, and so leaves LiteLLM with the newest state.
   * @returns when a value ends by itself and is to be taken out of LiteLLM
   */
  async sync(virtualKeyId: string): Promise<Date | null> {
    for (let round = 0; ; round += 1) {
      const subject = await this.read(virtualKeyId);
      if (!subject) return null;
      await this.syncSubject(subject);
      const after = await this.read(virtualKeyId);
      if (after?.key.version === subject.key.version || round >= 2) return nextEnd(subject, this.clock.now());
    }
  }

  private async syncSubject({ key, secrets, workspace, organization }: KeySubject): Promise<void> {
    const team = desiredTeam(workspace, organization);
    for (const secret of secrets) {
      const desired = desiredKey(key, secret, team, this.clock.now());
      try {
        if (desired && team) await this.write(desired, team, secret);
        else await this.remove(secret.keyHash);
        await this.noteDone(secret.id, desired ? key.version : null);
      } catch (error) {
        await this.noteFailure(secret.id, error);
        throw error;
      }
    }
  }

  private async write(desired: DesiredKey, team: DesiredTeam, secret: VirtualKeySecretEntity): Promise<void> {
    const known = await this.litellm.keyInfo(desired.hash);
    const actual = known ?? (await this.make(desired, team, secret));
    const difference = diffKey(desired, actual, this.clock.now());
    if (difference) await this.litellm.keyUpdate(desired.hash, difference);
  }

  /** LiteLLM's answer to a new key may be a mere echo, so what counts is what it has afterwards. */
  private async make(
    desired: DesiredKey,
    team: DesiredTeam,
    secret: VirtualKeySecretEntity,
  ): Promise<LitellmKey> {
    const value = this.open(secret);
    // A key that LiteLLM had and has no more: its team may be gone as well.
    if (value === null) this.teams.forgetSeen();
    await this.teams.ensure(team);
    if (value !== null) await this.generate(value, desired);
    else await this.restores.restore([{ desired, keyName: secret.keyName }]);
    const made = await this.litellm.keyInfo(desired.hash);
    if (made) return made;
    this.teams.forgetSeen();
    throw new LitellmError('failed', 'keyGenerate', null, 'the key was made, but LiteLLM does not have it');
  }

  private async generate(value: string, desired: DesiredKey): Promise<void> {
    try {
      await this.litellm.keyGenerate(value, keySettings(desired, this.clock.now()));
    } catch (error) {
      // "Alias in use" is also the answer when another worker made this very key since we asked: keyInfo will tell.
      // And a 500 when both came at the same moment.
      const isAliasInUse = isLitellmError(error, 'rejected') && error.param === 'key_alias';
      const mayBeThere = isAliasInUse || isLitellmError(error, 'failed');
      if (!mayBeThere || !(await this.litellm.keyInfo(desired.hash))) throw error;
    }
  }

  /** @returns null when there is no sealed value (any more), or when no key of the ring opens it */
  private open(secret: VirtualKeySecretEntity): string | null {
    if (secret.sealedValue === null) return null;
    const value = unseal(this.encryptionKeys, secret.sealedValue, secret.id);
    if (value === null) {
      this.logger.error('a sealed key value cannot be opened; its key is made in LiteLLM by hash', {
        secret_id: secret.id,
      });
    }
    return value;
  }

  private async remove(hash: string): Promise<void> {
    if (await this.litellm.keyInfo(hash)) await this.litellm.keyDelete([hash]);
  }

  private read(virtualKeyId: string): Promise<KeySubject | null> {
    return this.transactions.run('platform', (manager) => this.repository.key(manager, virtualKeyId));
  }

  private async noteDone(secretId: string, keyVersion: number | null): Promise<void> {
    await this.transactions.run('platform', (manager) =>
      keyVersion === null
        ? this.repository.noteRemoved(manager, secretId)
        : this.repository.noteSynced(manager, secretId, keyVersion),
    );
  }

  private async noteFailure(secretId: string, error: unknown): Promise<void> {
    const reason = failureReason(error);
    if (reason === null) return;
    await this.transactions.run('platform', (manager) =>
      this.repository.noteFailed(manager, secretId, reason),
    );
  }
}

function nextEnd({ key, secrets }: KeySubject, now: Date): Date | null {
  if (key.revokedAt ?? key.deletedAt) return null;
  const ends = secrets.flatMap(({ validUntil }) => (validUntil && validUntil > now ? [validUntil] : []));
  return ends.sort((left, right) => left.getTime() - right.getTime())[0] ?? null;
}
