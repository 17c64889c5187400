export * from './gen/tidemark/events/v1/event.ts';
export {
  Bucket,
  EventsServiceClient,
  EventsServiceService,
  Fill,
  GetEventRequest,
  GetEventResponse,
  IngestEventsRequest,
  IngestEventsResponse,
  ListEventsRequest,
  ListEventsResponse,
  QueryBucketsRequest,
  QueryBucketsResponse,
  Rejection,
  RejectionReason,
  StreamEventsRequest,
  StreamEventsResponse,
  TimeUnit,
  TopValue,
  TopValuesRequest,
  TopValuesResponse,
  rejectionReasonToJSON,
} from './gen/tidemark/events/v1/events_service.ts';
export type { BucketWidth, Grouping } from './gen/tidemark/events/v1/events_service.ts';
export {
  GetHypertableRequest,
  GetHypertableResponse,
  Hypertable,
  HypertablesServiceService,
  ListHypertablesRequest,
  ListHypertablesResponse,
} from './gen/tidemark/events/v1/hypertables_service.ts';
