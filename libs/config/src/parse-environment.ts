import type { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names each variable that is missing or wrong; the process prints it and exits with code 1. Never shows a value. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function withoutEmptyValues(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** All problems are reported at once. The result is frozen. */
export function parseEnvironment<Shape extends z.ZodObject>(
  schema: Shape,
  environment: Environment,
): Readonly<z.infer<Shape>> {
  const result = schema.safeParse(withoutEmptyValues(environment));
  if (result.success) return Object.freeze(result.data);
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return environment[name]
        ? `${name}: ${issue.message}`
        : `${name} is not set (see docs/configuration.md)`;
    }),
  );
}
