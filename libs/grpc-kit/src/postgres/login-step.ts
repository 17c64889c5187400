import type { MigrationStep } from './migration-step.ts';
import { scramVerifier } from './scram-verifier.ts';

/** Lets the role of a service log in, with a password that the server is not told. */
export function loginStep(role: string, password: string): MigrationStep {
  return {
    name: `login of ${role}`,
    statements: [`ALTER ROLE ${role} LOGIN PASSWORD '${scramVerifier(password)}'`],
    printed: [`-- The password is left out here: with psql, \\password ${role} sets one.`, `ALTER ROLE ${role} LOGIN`],
    told: [`set the password of ${role}`],
  };
}
