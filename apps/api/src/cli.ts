import 'reflect-metadata';
import { AppError, redact } from '@signalbox/common';
import { ConfigError } from '@signalbox/config';
import { runBootstrap } from './commands/bootstrap.command';
import { runMigrate } from './commands/migrate.command';
import { runOpenApi } from './commands/openapi.command';
import { runVerifyAudit } from './commands/verify-audit.command';

type Command = (print: (line: string) => void) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  migrate: runMigrate,
  bootstrap: runBootstrap,
  'verify-audit': runVerifyAudit,
  openapi: runOpenApi,
};

function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof AppError) return `${error.title}. ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

async function main(name: string | undefined): Promise<number> {
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command((line) => void process.stdout.write(`${line}\n`));
  process.stderr.write(`Usage: cli.js ${Object.keys(commands).join(' | ')}\n`);
  return 2;
}

main(process.argv[2]).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${process.argv[2]}: ${redact(messageOf(error))}\n`);
    process.exit(1);
  },
);
