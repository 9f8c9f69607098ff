import type { ProviderEntity, ProviderHealthEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { shownHealth } from '@signalbox/domain/provider-health';
import {
  providerKind,
  providerKindNames,
  providerKinds,
  type UpdateProvider,
} from '@signalbox/domain/providers';
import { toStatedFacts, toStatedFactsView } from '../facts/facts.mapper';
import type {
  ProviderHealthDetailView,
  ProviderHealthView,
  ProviderKindView,
  ProviderView,
  UpdateProviderBody,
} from './provider.dto';

/** An organization sees that a provider is there, not where: addresses of inner servers are the platform's business. */
export function toProviderView(
  provider: ProviderEntity,
  health: ProviderHealthEntity | undefined,
  caller: Caller,
): ProviderView {
  return {
    id: provider.id,
    name: provider.name,
    kind: provider.kind,
    title: providerKind(provider.kind)?.title ?? provider.kind,
    base_url: caller.organizationId === null ? provider.baseUrl : null,
    description: provider.description,
    enabled: provider.enabled,
    health: toHealthView(health, caller),
    facts: caller.organizationId === null ? toStatedFactsView(provider.facts) : {},
    version: provider.version,
    created_at: provider.createdAt.toISOString(),
    updated_at: provider.updatedAt.toISOString(),
  };
}

export function toProviderFields({ base_url: baseUrl, facts, ...rest }: UpdateProviderBody): UpdateProvider {
  return { ...rest, baseUrl, ...(facts === undefined ? {} : { facts: toStatedFacts(facts) }) };
}

/** What a check said may name inner addresses too. */
function toHealthView(health: ProviderHealthEntity | undefined, caller: Caller): ProviderHealthView {
  const { state, reason, detail } = shownHealth(health, Date.now());
  return {
    state,
    reason,
    detail: caller.organizationId === null ? detail : null,
    since: health?.since.toISOString() ?? null,
    checked_at: health?.checkedAt.toISOString() ?? null,
  };
}

export function toHealthDetailView(
  { id }: Pick<ProviderEntity, 'id'>,
  health: ProviderHealthEntity | undefined,
  caller: Caller,
): ProviderHealthDetailView {
  return {
    provider_id: id,
    ...toHealthView(health, caller),
    source: health?.source ?? 'none',
    // The calls of all organizations together.
    calls: caller.organizationId === null ? (health?.requests ?? null) : null,
    error_rate: health?.errorRate == null ? null : Number(health.errorRate),
    first_byte_ms: health?.latencyMs ?? null,
    probe: health?.probeWay ?? 'none',
    probe_outcome: caller.organizationId === null ? (health?.probeOutcome ?? null) : null,
    probed_at: health?.probedAt?.toISOString() ?? null,
  };
}

export function toProviderKindViews(): ProviderKindView[] {
  return providerKindNames.map((name) => {
    const kind = providerKinds[name];
    return {
      kind: name,
      title: kind.title,
      litellm_prefix: kind.litellmPrefix,
      dialect: kind.dialect,
      vendor_base_url: kind.vendorBaseUrl,
      default_base_url: kind.defaultBaseUrl,
      base_url: kind.baseUrl,
      needs_key: kind.needsKey,
      environment_variable: kind.environmentVariable,
      key_hint: kind.keyFormat.hint,
      probe: kind.probe.keyRequest ?? kind.probe.liveness?.request ?? null,
      direct_routes: [...(kind.direct?.routes ?? [])],
      docs_url: kind.docsUrl,
      reference_url: kind.referenceUrl,
      remark: kind.remark,
    };
  });
}
