import { type InfisicalSDK, type Secret } from '@infisical/sdk';
import type { InfisicalConfig } from '@signalbox/config';
import type { FolderContent } from './folder-snapshots';
import {
  assertChanged,
  assertFolder,
  folderNamesOf,
  type KeptSecret,
  secretOf,
  secretsOf,
} from './infisical-answers';
import type { InfisicalCalls } from './infisical-calls';
import { failureOf, InfisicalFailure, type InfisicalFailureKind } from './infisical-failure';
import { splitPath } from './infisical-paths';

/**
 * The calls of the SDK that we use, each answer checked. References are never expanded: a value such as
 * `${env.folder.KEY}`, given to us as a key, would else be answered with another tenant's.
 */
export class InfisicalVault {
  private readonly place: { environment: string; projectId: string };

  constructor(
    private readonly calls: InfisicalCalls,
    config: InfisicalConfig,
  ) {
    this.place = { environment: config.environment, projectId: config.projectId };
  }

  /** A missing folder is listed as empty by some servers, so an empty list is believed only with its folder. */
  async folder(signal: AbortSignal, path: string): Promise<FolderContent> {
    const secrets = await this.list(signal, path);
    const isThere = secrets.length > 0 || (await this.hasFolder(signal, path));
    return { secrets: new Map(secrets.map((secret) => [secret.name, secret])), isThere };
  }

  async hasFolder(signal: AbortSignal, path: string): Promise<boolean> {
    const { parent, name } = splitPath(path);
    return (await this.folderNames(signal, parent)).includes(name);
  }

  async folderNames(signal: AbortSignal, path: string): Promise<string[]> {
    const list = (sdk: InfisicalSDK) => sdk.folders().listFolders({ ...this.place, path, recursive: false });
    const answer = await this.unless('folder_missing', this.calls.run(signal, list));
    return answer === null ? [] : folderNamesOf(answer);
  }

  /** The parents come with it; of a folder that is there already the answer is the same. */
  async createFolder(signal: AbortSignal, path: string): Promise<void> {
    const { parent, name } = splitPath(path);
    const answer = await this.calls.run(signal, (sdk) =>
      sdk.folders().create({ ...this.place, name, path: parent }),
    );
    assertFolder(answer);
  }

  /** @returns null: there is none */
  async get(signal: AbortSignal, path: string, name: string): Promise<KeptSecret | null> {
    const get = (sdk: InfisicalSDK): Promise<Secret> =>
      sdk.secrets().getSecret({
        ...this.place,
        secretPath: path,
        secretName: name,
        expandSecretReferences: false,
        viewSecretValue: true,
      });
    const answer = await this.unless('secret_missing', this.calls.run(signal, get));
    return answer === null ? null : secretOf(answer);
  }

  async create(signal: AbortSignal, path: string, name: string, secretValue: string): Promise<void> {
    assertChanged(
      await this.calls.run(signal, (sdk) =>
        sdk.secrets().createSecret(name, { ...this.place, secretPath: path, secretValue }),
      ),
    );
  }

  async update(signal: AbortSignal, path: string, name: string, secretValue: string): Promise<void> {
    assertChanged(
      await this.calls.run(signal, (sdk) =>
        sdk.secrets().updateSecret(name, { ...this.place, secretPath: path, secretValue }),
      ),
    );
  }

  async delete(signal: AbortSignal, path: string, name: string): Promise<void> {
    const remove = (sdk: InfisicalSDK) =>
      sdk.secrets().deleteSecret(name, { ...this.place, secretPath: path });
    const answer = await this.unless(
      'secret_missing',
      this.unless('folder_missing', this.calls.run(signal, remove)),
    );
    if (answer !== null) assertChanged(answer);
  }

  private async list(signal: AbortSignal, path: string): Promise<KeptSecret[]> {
    const list = (sdk: InfisicalSDK) =>
      sdk.secrets().listSecrets({
        ...this.place,
        secretPath: path,
        expandSecretReferences: false,
        includeImports: false,
        recursive: false,
        viewSecretValue: true,
      });
    const answer = await this.unless('folder_missing', this.calls.run(signal, list));
    return answer === null ? [] : secretsOf(answer, { environment: this.place.environment, path });
  }

  private async unless<Answer>(kind: InfisicalFailureKind, work: Promise<Answer>): Promise<Answer | null> {
    try {
      return await work;
    } catch (error) {
      const failure: InfisicalFailure = failureOf(error);
      if (failure.kind === kind) return null;
      throw failure;
    }
  }
}
