import { createLogger, ManualClock, newId } from '@signalbox/common';
import {
  type InfisicalOptions,
  InfisicalSecretStore,
  type SecretAddress,
  SecretStoreError,
} from '@signalbox/secrets';
import { InfisicalStandIn, type InfisicalStandInSettings } from '../stand-ins/infisical.stand-in';

/** Long enough for a loopback server on a busy machine, short enough for a test that waits until it is over. */
export const shortTimes: Partial<InfisicalOptions> = {
  readTimeoutMs: 700,
  writeTimeoutMs: 900,
  patienceMs: 300,
};

export const canary = 'sk-canary-7f3a9c1e5b';

export interface WorldSettings extends InfisicalStandInSettings {
  options?: Partial<InfisicalOptions>;
  maxStaleMs?: number;
}

/** A store of the real SDK, the stand-in that it talks to, and the clock of both. */
export class InfisicalWorld {
  readonly clock = new ManualClock();
  readonly logLines: string[] = [];
  readonly organizationId = newId('organization');
  readonly server: InfisicalStandIn;
  private readonly stores: InfisicalSecretStore[] = [];

  constructor(private readonly settings: WorldSettings = {}) {
    this.server = new InfisicalStandIn({ nowMs: () => this.clock.nowMs(), ...settings });
  }

  static async start(settings: WorldSettings = {}): Promise<InfisicalWorld> {
    const world = new InfisicalWorld(settings);
    await world.server.start();
    return world;
  }

  /** Another process of the same installation. */
  openStore(config: Partial<InfisicalStandIn['config']> = {}): InfisicalSecretStore {
    const store = new InfisicalSecretStore({
      config: { ...this.server.config, ...config },
      maxStaleMs: this.settings.maxStaleMs ?? 1_800_000,
      clock: this.clock,
      logger: createLogger('debug', {}, (line) => this.logLines.push(line)),
      options: { random: () => 0.5, ...this.settings.options },
    });
    this.stores.push(store);
    return store;
  }

  /** Also holds that the log gives nothing away. */
  async close(): Promise<void> {
    this.server.clearFaults();
    expect(this.logLines.join('')).not.toMatch(givesAway);
    await Promise.all(this.stores.map((store) => store.close()));
    await this.server.close();
  }

  /** Puts a key in as if it had always been there. */
  given(name = 'OPENAI__1', value = canary): SecretAddress {
    this.server.put(this.folder, name, value);
    return this.address(name);
  }

  get folder(): string {
    return `/signalbox/organizations/${this.organizationId}/credentials`;
  }

  get manualFolder(): string {
    return `/signalbox/organizations/${this.organizationId}/manual`;
  }

  address(name = 'OPENAI__1'): SecretAddress {
    return { organizationId: this.organizationId, area: 'credentials', name };
  }
}

const givesAway = /https?:|\/signalbox|project-1|OPENAI__|sk-canary|infisical-(token|client)/;

/** What went wrong, in the port's words; also holds that an error of a store gives nothing away. */
export async function failureOf(work: Promise<unknown>): Promise<SecretStoreError> {
  const error = await work.then(
    () => new Error('it did not fail'),
    (failure: unknown) => failure as Error,
  );
  expect(error).toBeInstanceOf(SecretStoreError);
  expect(error.message).not.toMatch(givesAway);
  return error as SecretStoreError;
}
