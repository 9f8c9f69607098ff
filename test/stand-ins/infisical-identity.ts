import { randomUUID } from 'node:crypto';
import { errorAnswer, type InfisicalAnswer, type InfisicalDialect } from './infisical-answers';

export interface IdentitySettings {
  clientId: string;
  clientSecret: string;
  accessTokenTtlSeconds: number;
  accessTokenMaxTtlSeconds: number;
}

const lockoutThreshold = 3;
const lockoutMs = 300_000;

interface Token {
  expiresAtMs: number;
  endsAtMs: number;
}

/** Universal Auth of one machine identity: logins, tokens, and the lock after three bad logins. */
export class InfisicalIdentity {
  private readonly tokens = new Map<string, Token>();
  private badLogins = 0;
  private lockedUntilMs = 0;

  constructor(
    readonly settings: IdentitySettings,
    private readonly nowMs: () => number,
    private readonly dialect: InfisicalDialect,
  ) {}

  get isLocked(): boolean {
    return this.nowMs() < this.lockedUntilMs;
  }

  logIn(body: Record<string, unknown>, authorization: string | undefined): InfisicalAnswer {
    if (authorization !== undefined) return this.refuseOldHeader(authorization);
    if (this.isLocked) {
      const message = 'This identity auth method is temporarily locked, please try again later';
      return errorAnswer(this.dialect, 401, message);
    }
    const { clientId, clientSecret } = this.settings;
    if (body['clientId'] !== clientId || body['clientSecret'] !== clientSecret) return this.countBadLogin();
    this.badLogins = 0;
    const accessToken = `infisical-token-${randomUUID()}`;
    const { accessTokenTtlSeconds, accessTokenMaxTtlSeconds } = this.settings;
    this.tokens.set(accessToken, {
      expiresAtMs: this.nowMs() + accessTokenTtlSeconds * 1_000,
      endsAtMs: this.nowMs() + accessTokenMaxTtlSeconds * 1_000,
    });
    return {
      status: 200,
      body: {
        accessToken,
        expiresIn: accessTokenTtlSeconds,
        accessTokenMaxTTL: accessTokenMaxTtlSeconds,
        tokenType: 'Bearer',
      },
    };
  }

  /** A renewal beyond the maximum is refused, and takes the token with it. */
  renew(body: Record<string, unknown>): InfisicalAnswer {
    const name = String(body['accessToken']);
    const token = this.tokens.get(name);
    if (!token)
      return errorAnswer(this.dialect, 403, 'Failed to renew MI access token due to TTL expiration');
    const expiresAtMs = this.nowMs() + this.settings.accessTokenTtlSeconds * 1_000;
    if (expiresAtMs > token.endsAtMs) {
      this.tokens.delete(name);
      const message = 'Failed to renew MI access token past its Max TTL expiration';
      return errorAnswer(this.dialect, 403, message);
    }
    token.expiresAtMs = expiresAtMs;
    return { status: 200, body: { accessToken: name, expiresIn: this.settings.accessTokenTtlSeconds } };
  }

  revoke(body: Record<string, unknown>): InfisicalAnswer {
    this.tokens.delete(String(body['accessToken']));
    return { status: 200, body: { message: 'Successfully revoked access token' } };
  }

  revokeAll(): void {
    this.tokens.clear();
  }

  get liveTokens(): number {
    return [...this.tokens.values()].filter((token) => token.expiresAtMs > this.nowMs()).length;
  }

  /** @returns null: the token is good */
  refusalOf(authorization: string | undefined): InfisicalAnswer | null {
    if (authorization === undefined) return errorAnswer(this.dialect, 401, 'Token missing');
    const token = this.tokens.get(authorization.replace(/^Bearer /, ''));
    if (token && token.expiresAtMs > this.nowMs()) return null;
    return errorAnswer(this.dialect, 403, 'Your token has expired. Please re-authenticate.');
  }

  private refuseOldHeader(authorization: string): InfisicalAnswer {
    if (this.tokens.has(authorization.replace(/^Bearer /, ''))) {
      return errorAnswer(this.dialect, 403, 'Your token has expired. Please re-authenticate.');
    }
    return errorAnswer(this.dialect, 500, 'Something went wrong');
  }

  private countBadLogin(): InfisicalAnswer {
    this.badLogins += 1;
    if (this.badLogins >= lockoutThreshold) {
      this.lockedUntilMs = this.nowMs() + lockoutMs;
      this.badLogins = 0;
    }
    return errorAnswer(this.dialect, 401, 'Invalid credentials');
  }
}
