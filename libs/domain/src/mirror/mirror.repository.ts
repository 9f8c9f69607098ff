import { Injectable } from '@nestjs/common';
import {
  OrganizationEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { type EntityManager, In } from 'typeorm';

export interface WorkspaceSubject {
  workspace: WorkspaceEntity;
  organization: OrganizationEntity;
}

export interface KeySubject extends WorkspaceSubject {
  key: VirtualKeyEntity;
  /** Those that LiteLLM may have. */
  secrets: VirtualKeySecretEntity[];
}

/** A value with all that decides what LiteLLM should have of it. */
export interface SecretSubject extends WorkspaceSubject {
  key: VirtualKeyEntity;
  secret: VirtualKeySecretEntity;
}

@Injectable()
export class MirrorRepository {
  async workspace(manager: EntityManager, id: string): Promise<WorkspaceSubject | null> {
    const [found] = await this.workspaces(manager, [id]);
    return found ?? null;
  }

  async workspaces(manager: EntityManager, ids: string[]): Promise<WorkspaceSubject[]> {
    if (ids.length === 0) return [];
    const rows = await manager.find(WorkspaceEntity, {
      where: { id: In(ids) },
      relations: { organization: true },
    });
    return rows.map(toWorkspaceSubject);
  }

  async liveWorkspacesAfter(
    manager: EntityManager,
    after: string,
    limit: number,
  ): Promise<WorkspaceSubject[]> {
    const rows = await manager
      .createQueryBuilder(WorkspaceEntity, 'workspace')
      .innerJoinAndSelect('workspace.organization', 'organization')
      .where('workspace.deletedAt IS NULL AND organization.deletedAt IS NULL AND workspace.id > :after', {
        after,
      })
      .orderBy('workspace.id')
      .limit(limit)
      .getMany();
    return rows.map(toWorkspaceSubject);
  }

  async key(manager: EntityManager, id: string): Promise<KeySubject | null> {
    const key = await manager.findOneBy(VirtualKeyEntity, { id });
    const subject = key && (await this.workspace(manager, key.workspaceId));
    if (!key || !subject) return null;
    const secrets = await manager
      .createQueryBuilder(VirtualKeySecretEntity, 'secret')
      .where(`secret.virtualKeyId = :id AND secret.mirrorState <> 'removed'`, { id })
      .orderBy('secret.id')
      .getMany();
    return { key, secrets, ...subject };
  }

  async secretsByHash(manager: EntityManager, hashes: string[]): Promise<SecretSubject[]> {
    if (hashes.length === 0) return [];
    return (await this.secrets(manager).where('secret.keyHash IN (:...hashes)', { hashes }).getMany()).map(
      toSecretSubject,
    );
  }

  /** Values that LiteLLM should have or may have, in the order of their ids. */
  async secretsAfter(manager: EntityManager, after: string, limit: number): Promise<SecretSubject[]> {
    const rows = await this.secrets(manager)
      .where(`secret.id > :after AND secret.mirrorState <> 'removed'`, { after })
      .orderBy('secret.id')
      .limit(limit)
      .getMany();
    return rows.map(toSecretSubject);
  }

  /** LiteLLM has the value: the sealed copy is erased for good. The state is set only if nothing changed meanwhile. */
  async noteSynced(manager: EntityManager, secretId: string, keyVersion: number): Promise<void> {
    await manager.query(
      `UPDATE virtual_key_secrets secret SET sealed_value = NULL,
         mirror_state = CASE WHEN key.version = $2 THEN 'synced' ELSE mirror_state END,
         mirror_error = CASE WHEN key.version = $2 THEN NULL ELSE mirror_error END
       FROM virtual_keys key WHERE key.id = secret.virtual_key_id AND secret.id = $1`,
      [secretId, keyVersion],
    );
  }

  async noteRemoved(manager: EntityManager, secretId: string): Promise<void> {
    await manager.query(
      `UPDATE virtual_key_secrets SET sealed_value = NULL, mirror_state = 'removed', mirror_error = NULL WHERE id = $1`,
      [secretId],
    );
  }

  async noteFailed(manager: EntityManager, secretId: string, reason: string): Promise<void> {
    await manager.query(
      `UPDATE virtual_key_secrets SET mirror_state = 'failed', mirror_error = $2 WHERE id = $1 AND mirror_state <> 'removed'`,
      [secretId, reason],
    );
  }

  async noteWorkspace(
    manager: EntityManager,
    { id, version }: Pick<WorkspaceEntity, 'id' | 'version'>,
    state: 'synced' | 'failed' | 'removed',
    reason: string | null,
  ): Promise<void> {
    await manager.query(
      `UPDATE workspaces SET mirror_state = $3, mirror_error = $4 WHERE id = $1 AND version = $2`,
      [id, version, state, reason],
    );
  }

  /** How much LiteLLM was told of. */
  async countSynced(manager: EntityManager): Promise<{ keys: number; teams: number }> {
    return {
      keys: await manager.countBy(VirtualKeySecretEntity, { mirrorState: 'synced' }),
      teams: await manager.countBy(WorkspaceEntity, { mirrorState: 'synced' }),
    };
  }

  private secrets(manager: EntityManager) {
    return manager
      .createQueryBuilder(VirtualKeySecretEntity, 'secret')
      .innerJoinAndSelect('secret.virtualKey', 'key')
      .innerJoinAndSelect('key.workspace', 'workspace')
      .innerJoinAndSelect('workspace.organization', 'organization');
  }
}

function joined<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a joined row is missing');
  return row;
}

function toWorkspaceSubject(workspace: WorkspaceEntity): WorkspaceSubject {
  return { workspace, organization: joined(workspace.organization) };
}

function toSecretSubject(secret: VirtualKeySecretEntity): SecretSubject {
  const key = joined(secret.virtualKey);
  return { secret, key, ...toWorkspaceSubject(joined(key.workspace)) };
}
