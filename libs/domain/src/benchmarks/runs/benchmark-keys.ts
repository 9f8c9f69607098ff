import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import type { BenchmarkRunEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { VirtualKeyService } from '@signalbox/domain/virtual-keys';
import { BenchmarkTenants } from './benchmark-tenant';

export interface RunKey {
  readonly keyId: string;
  /** In the memory of the worker that holds the run, and nowhere else. */
  readonly value: string;
}

const caller = systemCaller('benchmarks');
/** Longer than any run: should nobody come to revoke it, it ends by itself. */
const duration = '2d';

/** The virtual key of each run: for its models only, and only as long as it runs. */
@Injectable()
export class BenchmarkKeys {
  constructor(
    private readonly tenants: BenchmarkTenants,
    private readonly keys: VirtualKeyService,
  ) {}

  /** A worker that takes a run over gets a new value, and the one of the worker before it ends in the same moment. */
  async open(run: Pick<BenchmarkRunEntity, 'id' | 'models'>): Promise<RunKey> {
    const { workspaceId, serviceId } = await this.tenants.ensure();
    const keyAlias = `benchmark ${run.id}`;
    const known = await this.keys.list(caller, { workspaceId, keyAlias }, 1);
    const knownId = known.data[0]?.key.id;
    if (knownId !== undefined) {
      const { value } = await this.keys.rotate(caller, knownId, '0s');
      return { keyId: knownId, value };
    }
    const metadata = { app: 'benchmark', benchmark_run_id: run.id };
    const { key, value } = await this.keys.create(caller, {
      workspaceId,
      serviceId,
      keyAlias,
      duration,
      metadata,
      models: run.models,
    });
    return { keyId: key.id, value };
  }

  /** One that somebody has deleted has ended too. */
  async end(keyId: string): Promise<void> {
    try {
      await this.keys.revoke(caller, keyId);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'virtual_key_not_found') throw error;
    }
  }
}
