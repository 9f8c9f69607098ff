import type { Clock } from '@signalbox/common';
import { isId } from '@signalbox/common';
import type { InfisicalSecretStore } from '@signalbox/secrets';

interface Known {
  readonly isThere: boolean;
  readonly lookAgainAtMs: number;
}

const lookAgainMs = 600_000;
const jitter = 0.2;

/**
 * Which owners have a folder for keys kept by hand. Most have none; those are asked about once in ten minutes, since a
 * cloud Infisical allows 120 requests a minute for all of them together.
 */
export class ManualAreas {
  private readonly known = new Map<string | null, Known>();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number = Math.random,
  ) {}

  /** null: the platform. @throws SecretStoreError */
  async owners(store: Pick<InfisicalSecretStore, 'organizations' | 'hasArea'>): Promise<(string | null)[]> {
    const organizationIds = (await store.organizations()).filter((id) => isId('organization', id));
    const owners = [];
    for (const owner of [null, ...organizationIds]) {
      if (await this.isThere(store, owner)) owners.push(owner);
    }
    return owners;
  }

  /** Somebody changed something: look everywhere again. */
  forget(): void {
    this.known.clear();
  }

  notThere(owner: string | null): void {
    this.remember(owner, false);
  }

  private async isThere(
    store: Pick<InfisicalSecretStore, 'hasArea'>,
    owner: string | null,
  ): Promise<boolean> {
    const known = this.known.get(owner);
    if (known?.isThere) return true;
    if (known && this.clock.nowMs() < known.lookAgainAtMs) return false;
    const isThere = await store.hasArea(owner, 'manual');
    this.remember(owner, isThere);
    return isThere;
  }

  private remember(owner: string | null, isThere: boolean): void {
    const spread = 1 + jitter * (2 * this.random() - 1);
    this.known.set(owner, { isThere, lookAgainAtMs: this.clock.nowMs() + lookAgainMs * spread });
  }
}
