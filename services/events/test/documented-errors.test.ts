import { RejectionReason, TransactionRejectionReason } from '@tidemark/contracts/events';
import { faultOf, kitFaults } from '@tidemark/grpc-kit';
import { documentedReasons } from '@tidemark/testing';
import { faults } from '../src/rpc/faults.ts';

test('docs/errors.md lists every reason of the service and of the kit, and no other', () => {
  const documented = documentedReasons('events');
  expect(documented['reason']?.sort()).toEqual(faults.map((rule) => rule.reason).sort());
  expect(documented['rejection']?.sort()).toEqual(namesOf(RejectionReason));
  expect(documented['rejection of a transaction']?.sort()).toEqual(namesOf(TransactionRejectionReason));
  const ofEveryService = [...kitFaults.map((rule) => rule.reason), faultOf(new Error(), kitFaults).reason];
  expect(documentedReasons('Every service')['reason']?.sort()).toEqual(ofEveryService.sort());
});

function namesOf(reasons: object): string[] {
  return Object.keys(reasons)
    .filter((name) => !['UNSPECIFIED', 'UNRECOGNIZED'].includes(name))
    .sort();
}
