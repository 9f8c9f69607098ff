export { ControlLoop1766000000000 } from './1766000000000-control-loop';
export { IdempotencyCarriedOut1766000001000 } from './1766000001000-idempotency-carried-out';
export { ProviderKeys1766000002000 } from './1766000002000-provider-keys';
export { Failover1766000003000 } from './1766000003000-failover';
export { Routing1766000004000 } from './1766000004000-routing';
export { Facts1766000005100 } from './1766000005100-facts';
export { ProviderHealth1766000005200 } from './1766000005200-provider-health';
export { Benchmarks1766000005400 } from './1766000005400-benchmarks';
