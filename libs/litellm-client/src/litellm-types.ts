import { z } from 'zod';

/** What Signalbox writes into `metadata.signalbox` of the keys and teams that are its own. */
const signalboxMark = z.looseObject({
  key_id: z.string().optional(),
  secret_id: z.string().optional(),
  organization_id: z.string().optional(),
  workspace_id: z.string().optional(),
});
export type SignalboxMark = z.infer<typeof signalboxMark>;

/** Written by anybody, so read with care: whatever is not our mark counts as none. */
const metadata = z.unknown().transform((value): { signalbox: SignalboxMark | null } => {
  const parsed = z.object({ signalbox: signalboxMark }).safeParse(value);
  return { signalbox: parsed.success ? parsed.data.signalbox : null };
});

const strings = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const optionalNumber = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
/** /key/info says +00:00, /key/list says Z. */
const optionalDate = z.iso
  .datetime({ offset: true })
  .nullish()
  .transform((text) => (text ? new Date(text) : null));

/** The fields of a key that Signalbox sets, as LiteLLM has them. */
export const litellmKey = z.object({
  token: z.string(),
  key_alias: optionalText,
  team_id: optionalText,
  models: strings,
  max_budget: optionalNumber,
  budget_duration: optionalText,
  rpm_limit: optionalNumber,
  tpm_limit: optionalNumber,
  max_parallel_requests: optionalNumber,
  blocked: flag,
  expires: optionalDate,
  metadata,
});
export type LitellmKey = z.infer<typeof litellmKey>;

const litellmTeam = z.object({
  team_id: z.string(),
  team_alias: optionalText,
  models: strings,
  blocked: flag,
  metadata,
});
export type LitellmTeam = z.infer<typeof litellmTeam>;

export const keyInfoAnswer = z.object({
  key: z.string(),
  info: z.looseObject({ deleted_at: z.string().nullish() }),
});
export const keyListAnswer = z.object({
  keys: z.array(litellmKey),
  total_count: z.number(),
  total_pages: z.number(),
});
export const teamListAnswer = z.object({
  teams: z.array(litellmTeam),
  total: z.number(),
  total_pages: z.number(),
});
export const generateAnswer = z.object({ token: z.string() });
export const modelInfoAnswer = z.object({
  data: z.array(z.looseObject({ model_name: z.string(), model_info: z.looseObject({ id: z.string() }) })),
});
export type LitellmModel = z.infer<typeof modelInfoAnswer>['data'][number];

/** Fields of /key/generate and /key/update. null removes a limit; `duration` counts from now. */
export interface KeySettings {
  key_alias?: string | null;
  team_id?: string;
  models?: string[];
  max_budget?: number | null;
  budget_duration?: string | null;
  rpm_limit?: number | null;
  tpm_limit?: number | null;
  max_parallel_requests?: number | null;
  blocked?: boolean;
  duration?: string | null;
  metadata?: { signalbox: SignalboxMark };
}

export interface TeamSettings {
  team_alias?: string;
  models?: string[];
  blocked?: boolean;
  /** Replaced as a whole. */
  metadata?: { signalbox: SignalboxMark };
}

export interface LitellmPage<Item> {
  items: Item[];
  totalCount: number;
  totalPages: number;
}
