import type { LogFields, Logger } from '@signalbox/common';

const maxRemembered = 10_000;

/** What is found every minute is logged once, until it is settled. */
export class Remarks {
  private readonly made = new Set<string>();

  constructor(private readonly logger: Logger) {}

  once(about: string, message: string, fields: LogFields): void {
    if (this.made.has(about)) return;
    if (this.made.size >= maxRemembered) this.made.clear();
    this.made.add(about);
    this.logger.warn(message, fields);
  }

  settled(about: string): void {
    this.made.delete(about);
  }
}
