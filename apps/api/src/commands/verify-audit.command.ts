import { NestFactory } from '@nestjs/core';
import { loadVerifyAuditConfig } from '@signalbox/config';
import { systemCaller } from '@signalbox/domain/access';
import { AuditVerificationService } from '@signalbox/domain/audit';
import { JobModule } from './job-module';

/** @returns 1 as soon as one chain is broken */
export async function runVerifyAudit(print: (line: string) => void): Promise<number> {
  const module = JobModule.verifyAudit(loadVerifyAuditConfig());
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  try {
    const verifications = await context.get(AuditVerificationService).verify(systemCaller('verify-audit'));
    for (const { chain, eventCount, broken } of verifications) {
      if (!broken) print(`${chain}: ${eventCount} events, all in order`);
      else {
        const event = broken.eventId ? ` (${broken.eventId})` : '';
        print(`${chain}: broken at event ${broken.sequence}${event}: ${broken.reason}`);
      }
    }
    const brokenCount = verifications.filter(({ broken }) => broken !== null).length;
    print(`${verifications.length} chains, ${brokenCount} broken`);
    return brokenCount === 0 ? 0 : 1;
  } finally {
    await context.close();
  }
}
