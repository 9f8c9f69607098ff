import { type AddressPolicy, checkedUrl, guardedAgent, sturdyConnector } from '@signalbox/egress';
import { Agent, type Dispatcher } from 'undici';

const connectTimeoutMs = 2_000;
const keepAliveMs = 30_000;
/** As long as the edge waits for LiteLLM; the attempt has limits of its own. */
const answerTimeoutMs = 600_000;
/** Providers' own headers can be many. */
const maxHeaderBytes = 64 * 1024;

function toOrigin(agent: Agent, origin: string): Dispatcher {
  return agent.compose((dispatch) => (options, handler) => dispatch({ ...options, origin }, handler));
}

/** Connections to OpenRouter and to providers, kept for the next call. Redirects are not followed. */
export class FallbackPools {
  private readonly trusted = new Agent({
    connect: sturdyConnector({ timeout: connectTimeoutMs }),
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
  });
  private readonly guarded: Agent;

  constructor(addresses: AddressPolicy) {
    this.guarded = guardedAgent(addresses, {
      headersTimeoutMs: answerTimeoutMs,
      bodyTimeoutMs: answerTimeoutMs,
      keepAliveMs,
    });
  }

  /** @param isTrusted false: a tenant has named the address, so what it leads to is checked at the moment of connecting */
  to(origin: string, isTrusted: boolean): Dispatcher {
    return toOrigin(isTrusted ? this.trusted : this.guarded, isTrusted ? origin : checkedUrl(origin).origin);
  }

  async destroy(): Promise<void> {
    await Promise.all([this.trusted.destroy(), this.guarded.destroy()]);
  }
}
