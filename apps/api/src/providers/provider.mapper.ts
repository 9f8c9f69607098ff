import type { ProviderEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { providerKind, providerKindNames, providerKinds } from '@signalbox/domain/providers';
import type { ProviderKindView, ProviderView } from './provider.dto';

/** An organization sees that a provider is there, not where: addresses of inner servers are the platform's business. */
export function toProviderView(provider: ProviderEntity, caller: Caller): ProviderView {
  return {
    id: provider.id,
    name: provider.name,
    kind: provider.kind,
    title: providerKind(provider.kind)?.title ?? provider.kind,
    base_url: caller.organizationId === null ? provider.baseUrl : null,
    description: provider.description,
    enabled: provider.enabled,
    version: provider.version,
    created_at: provider.createdAt.toISOString(),
    updated_at: provider.updatedAt.toISOString(),
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
      default_base_url: kind.defaultBaseUrl,
      base_url: kind.baseUrl,
      needs_key: kind.needsKey,
      environment_variable: kind.environmentVariable,
      docs_url: kind.docsUrl,
    };
  });
}
