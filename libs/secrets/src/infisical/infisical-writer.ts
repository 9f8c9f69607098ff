import { failureOf, InfisicalFailure } from './infisical-failure';
import type { InfisicalVault } from './infisical-vault';
import { OneAtATime } from './one-at-a-time';

/** Changes of secrets and the folders that they need. There is no upsert and no compare-and-swap in Infisical. */
export class InfisicalWriter {
  private readonly knownFolders = new Set<string>();
  /** Five creates of one folder at once made four of it (server of 2024), and paths share their parents. */
  private readonly folders = new OneAtATime();
  private readonly secrets = new OneAtATime();

  constructor(private readonly vault: InfisicalVault) {}

  write(signal: AbortSignal, path: string, name: string, value: string): Promise<void> {
    return this.secrets.run(`${path}/${name}`, async () => {
      await this.ensureFolder(signal, path);
      try {
        await this.put(signal, path, name, value);
      } catch (error) {
        if (failureOf(error).kind !== 'folder_missing') throw error;
        // Somebody removed it since.
        this.knownFolders.delete(path);
        await this.ensureFolder(signal, path);
        await this.put(signal, path, name, value);
      }
    });
  }

  delete(signal: AbortSignal, path: string, name: string): Promise<void> {
    return this.secrets.run(`${path}/${name}`, () => this.vault.delete(signal, path, name));
  }

  /**
   * "Already exists" may be our own doing: the SDK sends a POST again when the answer was lost. So the value is read back
   * and compared before it is replaced.
   */
  private async put(signal: AbortSignal, path: string, name: string, value: string): Promise<void> {
    try {
      await this.vault.create(signal, path, name, value);
    } catch (error) {
      if (failureOf(error).kind !== 'duplicate') throw error;
      await this.replace(signal, path, name, value);
    }
  }

  private async replace(signal: AbortSignal, path: string, name: string, value: string): Promise<void> {
    const kept = await this.vault.get(signal, path, name);
    if (!kept) throw new InfisicalFailure('duplicate');
    if (kept.value === null) throw new InfisicalFailure('hidden');
    if (kept.value !== value) await this.vault.update(signal, path, name, value);
  }

  private async ensureFolder(signal: AbortSignal, path: string): Promise<void> {
    await this.folders.run('all', async () => {
      if (this.knownFolders.has(path)) return;
      if (!(await this.vault.hasFolder(signal, path))) await this.vault.createFolder(signal, path);
      this.knownFolders.add(path);
    });
  }
}
