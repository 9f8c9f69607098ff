import { Injectable } from '@nestjs/common';
import type { CredentialEntity } from '@signalbox/database';
import { driverOf, type ProbeResult, type ProbeTarget } from '@signalbox/domain/provider-drivers';
import type { EntityManager } from 'typeorm';

export interface CheckedCredential {
  /** As it is after the check, with its provider. */
  credential: CredentialEntity;
  /** null: there was no answer within the limit, or nothing to ask. */
  result: ProbeResult | null;
}

/** A probe of a key that need not be anybody's credential. */
export interface KindTarget extends Omit<ProbeTarget, 'allowedHosts'> {
  kind: string;
}

@Injectable()
export class CredentialCheckService {
  /** Asks the provider now and writes down what it says. Past the limit the check is left to the worker. */
  async checkNow(credentialId: string, limitMs: number): Promise<CheckedCredential> {
    throw new Error(`not yet: ${credentialId} ${limitMs}`);
  }

  /** Checks what is due, until nothing is. Any number of workers may do so at once. */
  async checkDue(signal: AbortSignal): Promise<number> {
    return Promise.resolve(signal.aborted ? 0 : 0);
  }

  /** In the caller's transaction: the worker checks it within seconds. */
  async requestCheck(manager: EntityManager, credentialId: string): Promise<void> {
    await manager.query('UPDATE credentials SET next_check_at = now() WHERE id = $1', [credentialId]);
  }

  /** Only asks: nothing is written down. */
  async probe({ kind, ...target }: KindTarget): Promise<ProbeResult> {
    return driverOf(kind).probe(target, AbortSignal.timeout(10_000));
  }
}
