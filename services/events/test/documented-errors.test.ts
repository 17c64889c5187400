import { RejectionReason } from '@tidemark/contracts/events';
import { faultOf, kitFaults } from '@tidemark/grpc-kit';
import { documentedReasons } from '@tidemark/testing';
import { faults } from '../src/rpc/faults.ts';

test('docs/errors.md lists every reason of the service and of the kit, and no other', () => {
  const { reason, rejection } = documentedReasons('events');
  expect(reason?.sort()).toEqual(faults.map((rule) => rule.reason).sort());
  const rejections = Object.keys(RejectionReason).filter((name) => !['UNSPECIFIED', 'UNRECOGNIZED'].includes(name));
  expect(rejection?.sort()).toEqual(rejections.sort());
  const ofEveryService = [...kitFaults.map((rule) => rule.reason), faultOf(new Error(), kitFaults).reason];
  expect(documentedReasons('Every service')['reason']?.sort()).toEqual(ofEveryService.sort());
});
