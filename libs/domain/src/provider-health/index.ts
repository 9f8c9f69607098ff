export { ProviderHealthModule } from './provider-health.module';
export { ProviderHealthService } from './provider-health.service';
export { healthGauge, shownHealth } from './shown-health';
