import { InfisicalSDK } from '@infisical/sdk';
import type { Clock, Logger } from '@signalbox/common';
import type { InfisicalConfig } from '@signalbox/config';
import { loginOf } from './infisical-answers';
import { InfisicalFailure } from './infisical-failure';
import type { InfisicalOptions } from './infisical-options';

export interface Session {
  readonly sdk: InfisicalSDK;
  readonly accessToken: string;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

const revokeTimeoutMs = 2_000;
/** Time for the call that the token is used for. */
const expiryMarginMs = 10_000;
/** Between attempts to replace a token that still works. */
const earlyRetryMs = 10_000;
const refreshFrom = 0.7;
const refreshTo = 0.8;

/**
 * Our machine identity's access token. Log in outside of the SDK, which throws expiresIn away, and with a fresh SDK for
 * each token: it would send the old token along with the login, for which Infisical refuses it. Never renew: past its
 * maximum a renewal destroys the token (seen on a server of 2024).
 */
export class InfisicalSession {
  private session: Session | null = null;
  private pendingLogin: Promise<Session> | null = null;
  private pausedUntilMs = 0;
  private nextEarlyLoginMs = 0;
  private nextForcedLoginMs = 0;
  private isClosed = false;

  constructor(
    private readonly config: InfisicalConfig,
    private readonly options: InfisicalOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  async current(): Promise<Session> {
    const { session } = this;
    const nowMs = this.clock.nowMs();
    if (!session || nowMs >= session.expiresAtMs) return this.logIn();
    if (nowMs >= session.refreshAtMs) this.logInEarly();
    return session;
  }

  /**
   * Infisical says 403 both for an expired token and for a missing permission: one new login tells which.
   * @returns null: the token is not to blame
   */
  async afterRefusal(refused: Session): Promise<Session | null> {
    const { session } = this;
    if (session && session !== refused) return session;
    if (this.pendingLogin) return this.pendingLogin;
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextForcedLoginMs) return null;
    this.nextForcedLoginMs = nowMs + this.options.reloginEveryMs;
    return this.logIn();
  }

  /** Gives the token back, as far as Infisical can be reached. */
  async close(): Promise<void> {
    this.isClosed = true;
    const last = (await this.pendingLogin?.catch(() => null)) ?? this.session;
    this.session = null;
    if (last) await this.revoke(last.accessToken);
  }

  private logInEarly(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextEarlyLoginMs || nowMs < this.pausedUntilMs) return;
    this.nextEarlyLoginMs = nowMs + earlyRetryMs;
    // The old token is good for a while yet.
    this.logIn().catch(() => undefined);
  }

  private logIn(): Promise<Session> {
    this.pendingLogin ??= this.newSession().finally(() => {
      this.pendingLogin = null;
    });
    return this.pendingLogin;
  }

  private async newSession(): Promise<Session> {
    if (this.isClosed) throw new InfisicalFailure('unavailable');
    const nowMs = this.clock.nowMs();
    const waitMs = this.pausedUntilMs - nowMs;
    if (waitMs > 0) throw new InfisicalFailure('login_refused', waitMs);
    const { accessToken, expiresInMs } = loginOf(await this.sendLogin());
    const share = refreshFrom + (refreshTo - refreshFrom) * this.options.random();
    this.session = {
      sdk: new InfisicalSDK({ siteUrl: this.config.url }).auth().accessToken(accessToken),
      accessToken,
      refreshAtMs: nowMs + expiresInMs * share,
      expiresAtMs: nowMs + Math.max(expiresInMs - expiryMarginMs, expiresInMs * refreshTo),
    };
    return this.session;
  }

  private async sendLogin(): Promise<unknown> {
    const { clientId, clientSecret } = this.config;
    const { status, body } = await this.post(
      '/api/v1/auth/universal-auth/login',
      { clientId, clientSecret },
      this.options.readTimeoutMs,
    );
    if (status === 200) return body;
    const isUnavailable = status === 408 || status === 429 || status >= 500 || status < 400;
    if (isUnavailable || status === 404) throw new InfisicalFailure('unavailable');
    return this.pause(status);
  }

  private pause(status: number): never {
    const pauseMs = this.options.loginPauseMs * (1 + 0.2 * this.options.random());
    this.pausedUntilMs = this.clock.nowMs() + pauseMs;
    this.logger.error('infisical refused the login of our machine identity', { status, pauseMs });
    throw new InfisicalFailure('login_refused', pauseMs);
  }

  private async revoke(accessToken: string): Promise<void> {
    try {
      await this.post('/api/v1/auth/token/revoke', { accessToken }, revokeTimeoutMs);
    } catch {
      this.logger.info('the access token could not be given back to infisical; it ends by itself');
    }
  }

  private async post(
    path: string,
    body: object,
    timeoutMs: number,
  ): Promise<{ status: number; body: unknown }> {
    try {
      const answer = await fetch(`${this.config.url.replace(/\/+$/, '')}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: answer.status, body: parsedJson(await answer.text()) };
    } catch {
      throw new InfisicalFailure('unavailable');
    }
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
