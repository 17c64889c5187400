import { documentedReasons } from '@tidemark/testing';
import { faults } from '../src/rpc/faults.ts';

test('docs/errors.md lists every reason of the service, and no other', () => {
  expect(documentedReasons('users')['reason']?.sort()).toEqual([...new Set(faults.map((rule) => rule.reason))].sort());
});
