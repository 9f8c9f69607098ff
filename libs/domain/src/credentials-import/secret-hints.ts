import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import { SecretStores } from '@signalbox/domain/secrets';
import { JobProducer } from '@signalbox/jobs';
import type { Redis } from 'ioredis';
import { CredentialImportService } from './credential-import.service';

/**
 * Tells every process that something changed in Infisical. Only a hint: one that is lost costs no more than the minute
 * for which a snapshot is used.
 */
@Injectable()
export class SecretHints implements OnModuleInit, OnApplicationShutdown {
  private readonly channel: string;
  private subscriber: Redis | null = null;

  constructor(
    private readonly stores: SecretStores,
    private readonly imports: CredentialImportService,
    private readonly jobs: JobProducer,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) prefix: string,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.channel = `${prefix}:secrets:changes`;
  }

  onModuleInit(): void {
    if (!this.stores.infisical) return;
    const subscriber = this.redis.duplicate();
    // The shared connection tells when Redis is away; without a listener this one would end the process.
    subscriber.on('error', () => undefined);
    // At each connection, since the first one may fail: only what was subscribed once is subscribed again by itself.
    subscriber.on('ready', () => void subscriber.subscribe(this.channel).catch(() => undefined));
    subscriber.on('message', (_channel, path) => this.heard(path));
    this.subscriber = subscriber;
  }

  onApplicationShutdown(): void {
    this.subscriber?.disconnect();
  }

  /** Never throws. @param path the folder; none: anywhere */
  async announce(path = '/'): Promise<void> {
    this.heard(path);
    try {
      await this.redis.publish(this.channel, path);
    } catch (error) {
      this.logger.warn('the other processes do not hear of a change in infisical', { error });
    }
    await this.jobs.add('credential.pull', {});
  }

  private heard(path: string): void {
    this.stores.infisical?.hintChanged(path);
    this.imports.hintChanged();
  }
}
