/** The import cannot go on, for a reason that its user can mend; the message is one line and says how. */
export class ImportFailed extends Error {}
