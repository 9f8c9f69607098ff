import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { tryLock, lockHolder } from './file-lock.mjs';
import { endLeftovers } from './leftovers.mjs';
import { checkPorts } from './ports.mjs';
import { locatePostgres } from './postgres-server.mjs';
import { checkSpaceForStart, prepare } from './preparation.mjs';
import { processEnvironments } from './process-environments.mjs';
import { ensureSecrets } from './secrets-file.mjs';
import { bootstrap, migrate, migrateLitellm, startApp, startRunner, waitForLitellm } from './services.mjs';
import { portVariables } from './settings.mjs';
import { StackRecord, readStackRecord } from './stack-record.mjs';
import { startPostgres, startRedis, storeUrls } from './stores.mjs';
import { describeVersions } from './status-report.mjs';
import { Supervisor } from './supervisor.mjs';
import { UserError } from './user-error.mjs';
import { runTogether } from './wait.mjs';

/** Only one start at a time may own a data folder. Returns the release of the lock. */
function takeDataFolder({ dataDir, files }) {
  mkdirSync(dataDir, { recursive: true });
  // PostgreSQL's own user has to pass through root's folder to its data; everything else in it is closed by its own mode.
  chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
  const release = tryLock(files.lock);
  if (release) return release;
  const holder = lockHolder(files.lock);
  throw new UserError(
    `Signalbox is already running in ${dataDir}${holder ? ` (process ${holder.pid})` : ''}. Stop it with: npm stop. For a second one beside it set SIGNALBOX_DATA_DIR and SIGNALBOX_PORT_OFFSET.`,
  );
}

function portsToCheck({ given }) {
  const ours = Object.keys(portVariables);
  return ours.filter(
    (name) => !(name === 'postgres' && given.databaseUrl) && !(name === 'redis' && given.redisUrl),
  );
}

/**
 * A running stack or the attempt at one. `start()` resolves when everything answers; `stop()` ends all that was started, whatever
 * state it is in. The same code serves `npm start`, the end-to-end tests and the proofs.
 */
export class Stack {
  #abort = new AbortController();
  #releaseLock;
  #stopping;
  #isHurried = false;
  #started;

  /** `isThrowaway`: the data is deleted at the end. `isDurable: false`: PostgreSQL does not wait for the disk. */
  constructor({ settings, progress, announce, isThrowaway = false, isDurable = true }) {
    this.settings = settings;
    this.progress = progress;
    this.isThrowaway = isThrowaway;
    this.isDurable = isDurable;
    this.supervisor = new Supervisor({
      announce,
      onChange: (processes) => this.record?.update({ processes }),
    });
  }

  start() {
    this.#started = this.#start();
    return this.#started;
  }

  async #start() {
    const { settings } = this;
    this.#releaseLock = takeDataFolder(settings);
    this.secrets = ensureSecrets(settings.files.secrets);
    mkdirSync(settings.files.logs, { recursive: true, mode: 0o700 });
    await this.#cleanUpAfterKilledStart();
    await checkPorts(settings, portsToCheck(settings));
    checkSpaceForStart(settings);
    this.record = new StackRecord(settings.files.stack, {
      startedAt: new Date().toISOString(),
      urls: settings.urls,
    });
    const facts = await this.#startParts();
    this.record.update({
      phase: 'running',
      versions: describeVersions(facts),
      engine: facts.runnerState.engine,
    });
    return facts;
  }

  async #cleanUpAfterKilledStart() {
    const { settings, progress } = this;
    const { dataFolder } = settings.given.databaseUrl ? {} : locatePostgres(settings);
    const ended = await endLeftovers({ settings, record: readStackRecord(settings.files.stack), dataFolder });
    if (ended.length === 0) return;
    progress.line(`  Ended what an earlier start had left running: ${ended.join(', ')}`);
  }

  /** Each part begins as soon as what it needs is there; LiteLLM takes longest, so everything else overlaps with it. */
  async #startParts() {
    const { settings, progress, supervisor, secrets, isDurable } = this;
    const { signal } = this.#abort;
    const works = prepare({ settings, progress, signal });
    const urls = storeUrls({ settings, secrets });
    const context = { ...works, settings, progress, supervisor, secrets, signal, urls, isDurable };
    works.postgres = startPostgres(context);
    works.redis = startRedis(context);
    Object.assign(works, this.#startServices(context, works));
    await runTogether(this.#abort, Object.values(works));
    return {
      urls,
      postgresVersion: await works.postgres,
      redis: await works.redis,
      python: await works.python,
      runnerState: await works.litellm,
    };
  }

  #startServices(context, { packages, build, python, postgres, redis }) {
    const { settings, secrets, urls } = context;
    const env = processEnvironments({ settings, secrets, urls });
    const after = (works, start) => Promise.all(works).then(start);
    const startOf = (name) => () =>
      startApp(context, name, env[name], `${settings.urls[name]}/health/liveliness`);

    const migrated = after([build, postgres], () => migrate(context, env.migrate));
    const bootstrapped = after([migrated], () => bootstrap(context, env.bootstrap));
    const litellmMigrated = after([python, packages, postgres], ([environment]) =>
      migrateLitellm(context, env.litellmMigrate, environment),
    );
    const runner = after([python, litellmMigrated], ([environment]) =>
      startRunner(context, env.runner, environment),
    );
    return {
      migrated,
      bootstrapped,
      litellmMigrated,
      api: after([migrated, redis], startOf('api')),
      worker: after([migrated, redis], startOf('worker')),
      edge: after([build, redis], startOf('edge')),
      runner,
      litellm: after([runner], () => waitForLitellm(context)),
    };
  }

  /** Ends everything in order. May be called at any time and more than once; `hurry()` shortens the waits. */
  stop() {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  hurry() {
    this.#isHurried = true;
  }

  killAllNow() {
    this.supervisor.killAllNow();
  }

  async #stop() {
    this.#abort.abort();
    await this.#started?.catch(() => {}); // whoever called start() has that error
    this.record?.update({ phase: 'stopping' });
    await this.supervisor.stopAll({ isHurried: () => this.#isHurried });
    // LiteLLM belongs to the runner; had that to be killed, it could not take LiteLLM along.
    if (this.#releaseLock) await endLeftovers({ settings: this.settings });
    this.record?.remove();
    if (this.isThrowaway) this.#removeData();
    this.#releaseLock?.();
  }

  #removeData() {
    const { dataFolder } = locatePostgres(this.settings);
    for (const folder of [dataFolder, this.settings.dataDir])
      rmSync(folder, { recursive: true, force: true });
  }
}
