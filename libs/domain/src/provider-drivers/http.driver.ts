import { providerKind } from '@signalbox/gateway';
import { httpProbe } from './http-probe';
import type { ProbeSpec } from './probe-spec';
import type { KeyManagement, ProbeResult, ProbeTarget, ProviderDriver } from './provider-driver';
import { cannotBeChecked } from './unchecked.driver';

export interface HttpDriverOptions {
  readonly kind: string;
  readonly inference: ProbeSpec;
  /** Where admin keys are another sort of key; left out: they cannot be checked. */
  readonly admin?: ProbeSpec;
  readonly keys?: KeyManagement;
}

/** A driver made of its table. */
export function httpDriver(options: HttpDriverOptions): ProviderDriver {
  const { kind, inference, admin } = options;
  /** null: there is none, so the credential or the provider names it. */
  const vendorBaseUrl = providerKind(kind)?.vendorBaseUrl ?? null;
  const baseUrlOf = (given: string | null): string | null =>
    (given ?? vendorBaseUrl)?.replace(/\/+$/, '') ?? null;
  return {
    kind,
    hostOf: (given) => hostOf(inference, baseUrlOf(given)),
    probe: (target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> => {
      const spec = target.purpose === 'admin' ? admin : inference;
      const baseUrl = baseUrlOf(target.baseUrl);
      if (!spec) return Promise.resolve(cannotBeChecked('Admin keys of this provider cannot be checked.'));
      if (baseUrl === null) return Promise.resolve(cannotBeChecked('There is no base URL to ask. Give one.'));
      return httpProbe(spec, baseUrl, trusted(target), signal);
    },
    keys: options.keys ?? null,
  };
}

/** The vendor's own address is ours to trust. */
function trusted(target: ProbeTarget): ProbeTarget {
  return target.baseUrl === null ? { ...target, isTrustedUrl: true } : target;
}

function hostOf(spec: ProbeSpec, baseUrl: string | null): string | null {
  if (baseUrl === null || !URL.canParse(baseUrl)) return null;
  return new URL(spec.request(baseUrl).url).host;
}
