import type { Step } from './diff/step.ts';

/** A definition that cannot work; the message names the entity, the option and what to change. */
export class InvalidHypertable extends Error {
  override readonly name = 'InvalidHypertable';

  readonly entity: string;
  readonly option: string;

  constructor(entity: string, option: string, problem: string, remedy: string) {
    super(`hypertable(${entity}), ${option}: ${problem}. ${remedy}.`);
    this.entity = entity;
    this.option = option;
  }
}

/** The same for a continuous aggregate; `entity` is its own. */
export class InvalidContinuousAggregate extends Error {
  override readonly name = 'InvalidContinuousAggregate';

  readonly entity: string;
  readonly option: string;

  constructor(entity: string, option: string, problem: string, remedy: string) {
    super(`continuousAggregate(${entity}), ${option}: ${problem}. ${remedy}.`);
    this.entity = entity;
    this.option = option;
  }
}

/** A change that TimescaleDB has no statement for. */
export class ImpossibleChange extends Error {
  override readonly name = 'ImpossibleChange';

  readonly hypertable: string;

  constructor(hypertable: string, problem: string, remedy: string) {
    super(`${hypertable}: ${problem}. ${remedy}.`);
    this.hypertable = hypertable;
  }
}

/** Steps that lose rows, without `allowDestructive`. */
export class DestructiveChange extends Error {
  override readonly name = 'DestructiveChange';

  readonly steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    super(
      `Rows would be lost: ${steps.map((step) => `${step.hypertable}: ${step.sql}`).join('; ')}. ` +
        'Allow it with extensions: [Timescale.with({ allowDestructive: true })], or with safe: true leave it out.',
    );
    this.steps = steps;
  }
}

/** Something the model asks for and the server does not have. */
export class MissingFeature extends Error {
  override readonly name = 'MissingFeature';

  readonly hypertable: string;
  readonly feature: string;

  constructor(hypertable: string, feature: string, needs: string, found: string) {
    super(`${hypertable}: ${feature} needs ${needs}, and the server has ${found}.`);
    this.hypertable = hypertable;
    this.feature = feature;
  }
}

/** The database is not as the model says. */
export class SchemaDrift extends Error {
  override readonly name = 'SchemaDrift';

  readonly steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    super(`The database differs from the model: ${steps.map((step) => step.sql).join('; ')}.`);
    this.steps = steps;
  }
}

/** A query that cannot be answered as it is asked; the message names the entity, the option and what to change. */
export class InvalidQuery extends Error {
  override readonly name = 'InvalidQuery';

  readonly entity: string;
  readonly option: string;

  constructor(entity: string, option: string, problem: string, remedy: string, cause?: unknown) {
    super(`query of ${entity}, ${option}: ${problem}. ${remedy}.`, cause === undefined ? {} : { cause });
    this.entity = entity;
    this.option = option;
  }
}
