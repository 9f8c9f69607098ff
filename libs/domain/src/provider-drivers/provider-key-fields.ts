import { durationPattern, isId } from '@signalbox/common';
import { ProviderKeyError } from './provider-key-error';

/** Ids go into paths. */
const idPattern = /^[A-Za-z0-9_.-]{1,128}$/;

/** @returns what is wrong with the setting, or null */
export function idProblem(settings: Record<string, unknown>, name: string, what: string): string | null {
  const value = settings[name];
  const isId = typeof value === 'string' && idPattern.test(value) && !/^\.+$/.test(value);
  return isId ? null : `rotation.${name} must be ${what}`;
}

/** A setting that has been checked by `idProblem`. */
export function idSetting(settings: Record<string, unknown>, name: string): string {
  return encodeURIComponent(String(settings[name]));
}

/** A text that the provider's answer must have. */
export function textIn(body: unknown, name: string, provider: string): string {
  const value = fieldIn(body, name);
  if (typeof value === 'string' && value !== '') return value;
  throw new ProviderKeyError('bad_answer', `${provider} answered without ${name}.`);
}

export function fieldIn(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

export function dateIn(body: unknown, name: string): Date | null {
  const value = fieldIn(body, name);
  if (typeof value !== 'string') return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function listIn(body: unknown, name: string): unknown[] {
  const value = fieldIn(body, name);
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Ids at the provider matter only where its API is to be used; a rotation by hand needs none. */
export function usesProviderApi(settings: Record<string, unknown>): boolean {
  return settings['method'] === 'provider_api' || settings['revoke_at_provider'] === true;
}

const methods: ReadonlySet<unknown> = new Set([undefined, 'manual', 'provider_api']);

function isDuration(value: unknown, canBeNone: boolean): boolean {
  if (value === undefined || (canBeNone && value === '0s')) return true;
  return typeof value === 'string' && durationPattern.test(value);
}

/** Of the settings that every provider's rotation has. @returns what is wrong with them, or null */
export function commonProblem(settings: Record<string, unknown>): string | null {
  const { method, grace, deadline, revoke_at_provider: revokes, admin_credential_id: adminId } = settings;
  if (!methods.has(method)) return 'rotation.method must be provider_api or manual';
  if (!isDuration(grace, true)) return 'rotation.grace must be a duration such as 24h, or 0s';
  if (!isDuration(deadline, false)) return 'rotation.deadline must be a duration such as 7d';
  if (revokes !== undefined && typeof revokes !== 'boolean')
    return 'rotation.revoke_at_provider must be true or false';
  if (adminId !== undefined && !isId('credential', adminId))
    return 'rotation.admin_credential_id must be the id of a credential';
  return null;
}
