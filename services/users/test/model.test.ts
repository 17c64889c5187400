import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { explanations, type Made } from './model/explain.ts';
import { expected } from './model/model.ts';
import { normal } from './model/normal.ts';
import type { State } from './model/state.ts';
import { beginning, everything, histories, look, stepOfMoney, stepsAtOnce, stepsOf, type Step } from './model/steps.ts';
import { World, type Run } from './model/world.ts';

const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 1_000_000);
const runs = Number(process.env['MODEL_RUNS'] ?? 1_000);

let world: World;
beforeAll(async () => {
  console.info(`MODEL_SEED=${seed} MODEL_RUNS=${runs}`);
  world = await World.start({ withEvents: false });
});
afterAll(() => world.stop());

/** Takes a step in the service and in the model, which must answer the same. */
async function take(run: Run, { method, request }: Step, on = world): Promise<void> {
  const asked = request(on.situation(run));
  const seen = await on.call(method, asked);
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
  const options = { maxCommands: 12, size: 'max' } as const;
  const commands = fc.oneof(...stepsOf.map((steps) => fc.commands([steps.map((step) => new Command(step))], options)));
  const property = fc.asyncProperty(commands, fc.boolean(), async (chosen, looksAtAll) => {
    const run = await world.begin();
    for (const step of beginning) await take(run, step);
    await fc.asyncModelRun(() => ({ model: run.state, real: run }), chosen);
    for (const step of looksAtAll ? everything(run.state) : [look]) await take(run, step);
  });
  await fc.assert(property, { seed, numRuns: Math.ceil(runs * 0.7) });
}, 1_200_000);

test('several clients at once: some order of their calls explains every answer, and what can be read then', async () => {
  const rounds = fc.array(stepsAtOnce, { minLength: 1, maxLength: 2, size: 'max' });
  const property = fc.asyncProperty(rounds, async (chosen) => {
    const run = await world.begin();
    for (const step of [...beginning, look]) await take(run, step);
    let states = [run.state];
    for (const steps of chosen) {
      const [state] = states as [State];
      const calls = await takeAtOnce({ ...run, state }, steps);
      states = explained(states, calls);
      states = explained(states, await takeAtOnce({ ...run, state }, [look]));
    }
    const [state] = states as [State];
    for (const step of everything(state)) states = explained(states, await takeAtOnce({ ...run, state }, [step]));
  });
  await fc.assert(property, { seed, numRuns: Math.floor(runs * 0.3) });
}, 1_200_000);

test('beside the events service: once all is delivered, the history of each account is what the model says', async () => {
  const beside = await World.start({ withEvents: true });
  const property = fc.asyncProperty(fc.array(stepOfMoney, { maxLength: 12, size: 'max' }), async (chosen) => {
    const run = await beside.begin();
    for (const step of [...beginning, ...chosen]) await take(run, step, beside);
    for (const step of histories(run.state)) await take(run, step, beside);
  });
  await fc.assert(property, { seed, numRuns: Math.ceil(runs * 0.03) }).finally(() => beside.stop());
}, 1_200_000);

/** Each by another client. */
async function takeAtOnce(run: Run, steps: readonly Step[]): Promise<Made[]> {
  const asked = steps.map(({ method, request }) => ({ method, request: request(world.situation(run)) }));
  return Promise.all(
    asked.map(async ({ method, request }, client) => ({
      ...{ method, request },
      seen: await world.call(method, request, client),
    })),
  );
}

function explained(before: readonly State[], calls: readonly Made[]): State[] {
  const after = explanations(before, calls);
  if (after.length > 0) return after;
  const told = calls.map(({ method, request, seen }) => ({ method, request, seen: normal(seen) }));
  throw new Error(`no order explains ${told.map((call) => `\n${inspect(call, { depth: 9 })}`).join()}`);
}
