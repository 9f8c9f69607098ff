import type { ProviderDriver } from './provider-driver';
import { uncheckedDriver } from './unchecked.driver';

const drivers: readonly ProviderDriver[] = [];

const byKind = new Map(drivers.map((driver) => [driver.kind, driver]));

/** Every kind has a driver: one that says "cannot be checked" where there is nothing to ask. */
export function driverOf(kind: string): ProviderDriver {
  return byKind.get(kind) ?? uncheckedDriver(kind);
}
