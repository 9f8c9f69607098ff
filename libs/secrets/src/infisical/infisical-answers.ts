import { z } from 'zod';
import { InfisicalFailure } from './infisical-failure';

export interface KeptSecret {
  readonly name: string;
  /** null: Infisical shows a mask. */
  readonly value: string | null;
  /** Deleting and creating starts the count anew under another id, so both make the version. */
  readonly version: string;
}

/** Old servers leave fields out and newer ones add some; no more than this is relied on (facts: python-sdk #15, #29, #42). */
const secretForm = z
  .object({
    id: z.string().optional(),
    _id: z.string().optional(),
    secretKey: z.string().min(1),
    secretValue: z.string().nullish(),
    secretValueHidden: z.boolean().nullish(),
    version: z.union([z.number(), z.string()]),
    type: z.string().nullish(),
    environment: z.string().nullish(),
    secretPath: z.string().nullish(),
  })
  .refine((secret) => secret.id !== undefined || secret._id !== undefined);

const listForm = z.object({ secrets: z.array(secretForm) });
const folderListForm = z.array(z.object({ name: z.string() }));
const folderForm = z.object({ name: z.string() });
const loginForm = z.object({ accessToken: z.string().min(1), expiresIn: z.number().positive() });

type WireSecret = z.infer<typeof secretForm>;

function keptSecret(secret: WireSecret): KeptSecret {
  const isHidden = secret.secretValueHidden === true || typeof secret.secretValue !== 'string';
  return {
    name: secret.secretKey,
    value: isHidden ? null : (secret.secretValue ?? null),
    version: `${secret.id ?? secret._id}.${secret.version}`,
  };
}

/** An answer of another form, such as a sign-on page with status 200, says nothing about our secrets. */
function parsed<Form extends z.ZodType>(form: Form, answer: unknown): z.infer<Form> {
  const result = form.safeParse(answer);
  if (result.success) return result.data;
  throw new InfisicalFailure('unavailable');
}

/** @param place entries that say that they are of elsewhere are left out (node-sdk #29 gave another path's) */
export function secretsOf(answer: unknown, place: { environment: string; path: string }): KeptSecret[] {
  return parsed(listForm, answer)
    .secrets.filter(
      (secret) =>
        (secret.type ?? 'shared') === 'shared' &&
        (secret.environment ?? place.environment) === place.environment &&
        (secret.secretPath ?? place.path) === place.path,
    )
    .map(keptSecret);
}

export function secretOf(answer: unknown): KeptSecret {
  return keptSecret(parsed(secretForm, answer));
}

/** Under an approval policy a change is answered with `{approval}`, although the SDK's type says `{secret}`. */
export function assertChanged(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null && 'approval' in answer) {
    throw new InfisicalFailure('approval');
  }
  parsed(z.object({ secret: z.object({}) }), answer);
}

export function folderNamesOf(answer: unknown): string[] {
  return parsed(folderListForm, answer).map((folder) => folder.name);
}

export function assertFolder(answer: unknown): void {
  parsed(folderForm, answer);
}

export function loginOf(answer: unknown): { accessToken: string; expiresInMs: number } {
  const { accessToken, expiresIn } = parsed(loginForm, answer);
  return { accessToken, expiresInMs: expiresIn * 1_000 };
}
