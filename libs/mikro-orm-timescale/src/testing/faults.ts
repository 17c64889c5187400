import type { RanPolicy } from './run-policies.ts';

/** The user of `server` lacks a right; the message names it. */
export class MayNotCreateDatabases extends Error {
  override readonly name = 'MayNotCreateDatabases';

  constructor(user: string, server: string, cause: unknown) {
    super(
      `testDatabase(), server: the user "${user}" may not create databases on ${server}. ` +
        `Give it the right (ALTER ROLE "${user}" CREATEDB), or name a user that has it.`,
      { cause },
    );
  }
}

/** A policy or job that ended with an error, which is the cause. */
export class PolicyFailed extends Error {
  override readonly name = 'PolicyFailed';

  readonly policy: RanPolicy;

  constructor(policy: RanPolicy, cause: unknown) {
    const { id, procedure, hypertable } = policy;
    const of = hypertable ? ` of "${hypertable.schema}"."${hypertable.name}"` : '';
    super(`${procedure} (job ${id})${of}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.policy = policy;
  }
}
