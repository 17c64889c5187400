/** Of the transactions after a cursor of TailEvents, some are no longer known. */
export class CursorExpired extends Error {
  constructor() {
    super(
      'The cursor is older than what the service remembers of its transactions: export the time since then, ' +
        'and tail again without a cursor.',
    );
  }
}
