import { setTimeout as delay } from 'node:timers/promises';
import { byokModels, type ByokWorkspace } from './byok-workspaces';
import { callKinds, type CallOutcome, type LlmCaller } from './llm-calls';

export interface ByokCall {
  workspace: ByokWorkspace;
  outcome: CallOutcome;
}

/** A client that is refused does not come back at once. */
const pauseAfterFailureMs = 50;

/** Clients that send one call after another, of all kinds in turn, until they are stopped. Nothing is retried. */
export class ByokTraffic {
  readonly calls: ByokCall[] = [];
  readonly #clients: Promise<void>[];
  #isStopped = false;

  constructor(
    private readonly caller: LlmCaller,
    workspaces: readonly ByokWorkspace[],
    clientsPerWorkspace: number,
  ) {
    this.#clients = workspaces.flatMap((workspace) =>
      Array.from({ length: clientsPerWorkspace }, (_, index) => this.#run(workspace, index)),
    );
  }

  get answered(): ByokCall[] {
    return this.calls.filter(({ outcome }) => outcome.problem === null);
  }

  get failed(): ByokCall[] {
    return this.calls.filter(({ outcome }) => outcome.problem !== null);
  }

  outcomesOf(workspace: ByokWorkspace): CallOutcome[] {
    return this.calls.filter((call) => call.workspace === workspace).map(({ outcome }) => outcome);
  }

  /** What is under way is answered first. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
  }

  async #run(workspace: ByokWorkspace, first: number): Promise<void> {
    const { key } = workspace.virtualKey;
    for (let index = first; !this.#isStopped; index += 1) {
      const kind = callKinds[index % callKinds.length] ?? 'chat';
      const outcome = await this.caller.call({ kind, key, models: byokModels });
      this.calls.push({ workspace, outcome });
      if (outcome.problem !== null) await delay(pauseAfterFailureMs);
    }
  }
}
