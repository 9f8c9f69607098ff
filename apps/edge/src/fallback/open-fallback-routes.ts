import type { EdgeConfig } from '@signalbox/config';
import type { AddressPolicy } from '@signalbox/egress';
import { type EdgeFallbackDependencies, EdgeFallbackRoutes } from './edge-fallback-routes';
import { HttpFallbackBroker } from './fallback-broker';
import { FallbackPools } from './fallback-pools';

type Given = Pick<EdgeFallbackDependencies, 'store' | 'clock' | 'random' | 'version' | 'logger'>;

export function openFallbackRoutes(
  { brokerUrl, fallbackToken, openrouterUrl, openrouterApiKey }: EdgeConfig,
  addresses: AddressPolicy,
  given: Given,
): EdgeFallbackRoutes {
  const broker = new HttpFallbackBroker(brokerUrl, fallbackToken, given.logger);
  return new EdgeFallbackRoutes({
    ...given,
    broker,
    pools: new FallbackPools(addresses),
    openrouterUrl,
    openrouterApiKey,
  });
}
