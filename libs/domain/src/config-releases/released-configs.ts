import { Injectable } from '@nestjs/common';
import type { ConfigReleaseEntity } from '@signalbox/database';
import type { LitellmConfig } from './compile-litellm-config';
import { readLitellmConfig } from './diff-configs';

const keptCount = 4;

/** The configurations of the last few releases that were asked for, parsed: a release never changes. */
@Injectable()
export class ReleasedConfigs {
  private readonly bySha256 = new Map<string, LitellmConfig>();

  read({ configYaml, configSha256 }: ConfigReleaseEntity): LitellmConfig {
    const config = this.bySha256.get(configSha256) ?? readLitellmConfig(configYaml);
    this.bySha256.delete(configSha256);
    this.bySha256.set(configSha256, config);
    const [oldest] = this.bySha256.keys();
    if (this.bySha256.size > keptCount && oldest !== undefined) this.bySha256.delete(oldest);
    return config;
  }
}
