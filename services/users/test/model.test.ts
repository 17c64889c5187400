import * as fc from 'fast-check';
import { expected } from './model/model.ts';
import { normal } from './model/normal.ts';
import type { State } from './model/state.ts';
import { anyStep, beginning, everything, type Step } from './model/steps.ts';
import { World, type Run } from './model/world.ts';

const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 1_000_000);
const runs = Number(process.env['MODEL_RUNS'] ?? 300);

let world: World;
beforeAll(async () => {
  console.info(`MODEL_SEED=${seed} MODEL_RUNS=${runs}`);
  world = await World.start();
});
afterAll(() => world.stop());

/** Takes a step in the service and in the model, which must answer the same. */
async function take(run: Run, { method, request }: Step): Promise<void> {
  const asked = request(world.situation(run));
  const seen = await world.call(method, asked);
  expect({ method, asked, answer: normal(seen) }).toEqual({
    method,
    asked,
    answer: normal(expected(run.state, method, asked, seen)),
  });
}

class Command implements fc.AsyncCommand<State, Run> {
  readonly #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  async run(_: State, run: Run): Promise<void> {
    await take(run, this.#step);
  }

  toString(): string {
    return String(this.#step);
  }
}

test('one client: every answer, and all that can be read in the end, is what the model says', async () => {
  const commands = fc.commands([anyStep.map((step) => new Command(step))], { maxCommands: 20, size: 'max' });
  await fc.assert(
    fc.asyncProperty(commands, async (chosen) => {
      const run = await world.begin();
      for (const step of beginning) await take(run, step);
      await fc.asyncModelRun(() => ({ model: run.state, real: run }), chosen);
      for (const step of everything(run.state)) await take(run, step);
    }),
    { seed, numRuns: runs, endOnFailure: false },
  );
}, 600_000);
