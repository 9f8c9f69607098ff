import 'reflect-metadata';
import { AppError, redact } from '@signalbox/common';
import { ConfigError } from '@signalbox/config';
import { runBootstrap } from './commands/bootstrap.command';
import { importFernetUsage, runImportFernet } from './commands/import-fernet.command';
import { runMigrate } from './commands/migrate.command';
import { moveSecretsUsage, runMoveSecrets } from './commands/move-secrets.command';
import { runOpenApi } from './commands/openapi.command';
import { reencryptSecretsUsage, runReencryptSecrets } from './commands/reencrypt-secrets.command';
import { replayUsage, runReplay } from './commands/replay.command';
import { UsageError } from './commands/usage-error';
import { runVerifyAudit } from './commands/verify-audit.command';

type Command = (print: (line: string) => void, args: string[]) => Promise<number>;

const commands: Readonly<Record<string, { run: Command; usage?: string }>> = {
  migrate: { run: runMigrate },
  bootstrap: { run: runBootstrap },
  'verify-audit': { run: runVerifyAudit },
  openapi: { run: runOpenApi },
  'reencrypt-secrets': { run: runReencryptSecrets, usage: reencryptSecretsUsage },
  'move-secrets': { run: runMoveSecrets, usage: moveSecretsUsage },
  replay: { run: runReplay, usage: replayUsage },
  'import-fernet': { run: runImportFernet, usage: importFernetUsage },
};

function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof AppError) return `${error.title}. ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Wrong options are parseArgs' own errors. */
function isUsageError(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code ?? '';
  return error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS_');
}

async function main(name: string | undefined, args: string[]): Promise<number> {
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  const usage = command?.usage ?? Object.keys(commands).join(' | ');
  try {
    if (command && (command.usage !== undefined || args.length === 0)) {
      return await command.run((line) => void process.stdout.write(`${line}\n`), args);
    }
  } catch (error) {
    if (!isUsageError(error)) throw error;
  }
  process.stderr.write(`Usage: cli.js ${usage}\n`);
  return 2;
}

main(process.argv[2], process.argv.slice(3)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${process.argv[2]}: ${redact(messageOf(error))}\n`);
    process.exit(1);
  },
);
