import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { WorkerConfig } from '@signalbox/config';
import { LitellmAdminClient } from '@signalbox/litellm-client';

/** One client of LiteLLM's management API for the whole process. */
@Global()
@Module({})
export class LitellmModule implements OnApplicationShutdown {
  constructor(@Inject(LitellmAdminClient) private readonly client: LitellmAdminClient) {}

  static forRoot(config: WorkerConfig): DynamicModule {
    const useFactory = (): LitellmAdminClient =>
      new LitellmAdminClient({
        runner: { url: config.runnerUrl, internalToken: config.internalToken },
        masterKey: config.litellmMasterKey,
      });
    return {
      module: LitellmModule,
      providers: [{ provide: LitellmAdminClient, useFactory }],
      exports: [LitellmAdminClient],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
