import { silentLog } from '@tidemark/testing';

// Run by planted-output.test.ts alone: a run that must fail, though all its tests pass.
test('a service that leaks', () => silentLog('users').info('nobody is ada@example.org'));
