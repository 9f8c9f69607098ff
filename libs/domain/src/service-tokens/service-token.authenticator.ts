import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { type ServiceTokenEntity, TenantTransactions } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { hashServiceTokenValue, parseServiceTokenValue } from '@signalbox/gateway';
import { checkServiceToken } from './service-token.check';
import { ServiceTokenRepository } from './service-token.repository';

const touchIntervalMs = 60_000;
const maxRememberedTouches = 10_000;

/** Turns the value that a caller sends into who it is. Revoking works at once: nothing is remembered here. */
@Injectable()
export class ServiceTokenAuthenticator implements OnModuleDestroy {
  private readonly touchedAtMs = new Map<string, number>();
  private readonly runningTouches = new Set<Promise<void>>();

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly tokens: ServiceTokenRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async authenticate(value: string | null, requestId: string | null): Promise<Caller> {
    if (value === null) {
      throw new AppError(
        'token_missing',
        'Send a service token in the header: authorization: Bearer sbt_...',
      );
    }
    if (parseServiceTokenValue(value) === 'malformed') {
      throw new AppError(
        'token_malformed',
        'Copy the whole token again: it starts with sbt_ and its checksum is wrong.',
      );
    }
    const tokenHash = hashServiceTokenValue(value);
    const token = checkServiceToken(
      await this.transactions.run('platform', (manager) => this.tokens.findByHash(manager, tokenHash)),
      this.clock.now(),
    );
    this.touch(token);
    return {
      actorType: 'service_token',
      actorId: token.id,
      organizationId: token.organizationId,
      scopes: token.scopes,
      requestId,
    };
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.runningTouches);
  }

  /** Notes the use in the background, at most once a minute: the request does not wait for it or fail with it. */
  private touch(token: ServiceTokenEntity): void {
    const nowMs = this.clock.nowMs();
    const lastMs = this.touchedAtMs.get(token.id) ?? token.lastUsedAt?.getTime() ?? 0;
    if (nowMs - lastMs < touchIntervalMs) return;
    if (this.touchedAtMs.size >= maxRememberedTouches) this.touchedAtMs.clear();
    this.touchedAtMs.set(token.id, nowMs);
    const running = this.transactions
      .run('platform', (manager) =>
        this.tokens.touch(manager, token.id, new Date(nowMs), new Date(nowMs - touchIntervalMs)),
      )
      .catch((error: unknown) => this.logger.warn('last use of a service token was not noted', { error }))
      .finally(() => this.runningTouches.delete(running));
    this.runningTouches.add(running);
  }
}
