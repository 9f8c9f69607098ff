import { NestFactory } from '@nestjs/core';
import { loadBootstrapConfig } from '@signalbox/config';
import { BootstrapService } from '@signalbox/domain/bootstrap';
import { JobModule } from './job-module';

export async function runBootstrap(print: (line: string) => void): Promise<number> {
  const config = loadBootstrapConfig();
  const context = await NestFactory.createApplicationContext(JobModule.bootstrap(config), { logger: false });
  try {
    const { adminTokenFile, virtualKeyFile, providerEnvironment } = config;
    await context
      .get(BootstrapService)
      .run({ adminTokenFile, virtualKeyFile, providerKeys: providerEnvironment }, print);
    return 0;
  } finally {
    await context.close();
  }
}
