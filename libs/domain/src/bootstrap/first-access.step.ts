import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { TenantTransactions, type WorkspaceEntity } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { ServiceTokenService } from '@signalbox/domain/service-tokens';
import { VirtualKeyService } from '@signalbox/domain/virtual-keys';
import { hashServiceTokenValue, hashVirtualKeyValue } from '@signalbox/gateway';
import { BootstrapRepository, type ValueState } from './bootstrap.repository';
import { bootstrapCaller, type Report } from './bootstrap.types';
import { readSecretFile, writeSecretFile } from './secret-file';

const tokenName = 'Made at first start';
const keyAlias = 'made-at-first-start';

/**
 * The first service token and the first virtual key, each in a file. Only hashes are stored, so a value that did not
 * reach its file is lost: then a new one is made and the old one ends. What somebody revoked is not made anew as long
 * as its file is there.
 */
@Injectable()
export class FirstAccessStep {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: BootstrapRepository,
    private readonly tokens: ServiceTokenService,
    private readonly virtualKeys: VirtualKeyService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async serviceToken(file: string, report: Report): Promise<void> {
    const value = await readSecretFile(file);
    const hash = value === null ? null : hashServiceTokenValue(value);
    const state = await this.stateOf(hash, (manager, known) =>
      this.repository.stateOfToken(manager, known, this.clock.now()),
    );
    if (state === 'ended')
      return report(`the service token in ${file} has ended; delete the file to get a new one`);
    if (state === 'usable') return this.revokeOtherTokens(hash, report);
    const made = await this.tokens.create(bootstrapCaller, {
      name: tokenName,
      scopes: ['*'],
      organizationId: null,
    });
    await writeSecretFile(file, made.value);
    report(`service token ${made.token.id} made, its value is in ${file}`);
    await this.revokeOtherTokens(made.token.tokenHash, report);
  }

  async virtualKey(file: string, report: Report): Promise<void> {
    const value = await readSecretFile(file);
    const hash = value === null ? null : hashVirtualKeyValue(value);
    const state = await this.stateOf(hash, (manager, known) =>
      this.repository.stateOfVirtualKey(manager, known, this.clock.now()),
    );
    if (state === 'ended')
      return report(`the virtual key in ${file} has ended; delete the file to get a new one`);
    if (state === 'usable') return;
    const found = await this.transactions.run('platform', async (manager) => ({
      keyId: await this.repository.liveVirtualKeyMadeBy(manager, bootstrapCaller.actorId),
      workspace: await this.repository.oldestWorkspace(manager),
    }));
    if (found.keyId) return this.renewKey(found.keyId, file, report);
    if (found.workspace) return this.makeKey(found.workspace, file, report);
    report('there is no workspace, so no virtual key was made');
  }

  private async makeKey(workspace: WorkspaceEntity, file: string, report: Report): Promise<void> {
    const made = await this.virtualKeys.create(bootstrapCaller, { workspaceId: workspace.id, keyAlias });
    await writeSecretFile(file, made.value);
    report(`virtual key ${made.key.id} made in workspace "${workspace.name}", its value is in ${file}`);
  }

  private async renewKey(keyId: string, file: string, report: Report): Promise<void> {
    const rotated = await this.virtualKeys.rotate(bootstrapCaller, keyId, '0s');
    await writeSecretFile(file, rotated.value);
    report(`virtual key ${keyId} has a new value, since ${file} did not hold it; the old one is refused`);
  }

  private async revokeOtherTokens(keptHash: string | null, report: Report): Promise<void> {
    const live = await this.transactions.run('platform', (manager) =>
      this.repository.liveTokensMadeBy(manager, bootstrapCaller.actorId),
    );
    for (const token of live) {
      if (token.tokenHash === keptHash) continue;
      await this.tokens.revoke(bootstrapCaller, token.id);
      report(`service token ${token.id} revoked: its value is in no file`);
    }
  }

  private async stateOf(
    hash: string | null,
    look: (manager: Parameters<BootstrapRepository['stateOfToken']>[0], hash: string) => Promise<ValueState>,
  ): Promise<ValueState> {
    if (hash === null) return 'unknown';
    return this.transactions.run('platform', (manager) => look(manager, hash));
  }
}
