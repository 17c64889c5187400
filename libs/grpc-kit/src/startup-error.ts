/** A reason not to start that the person who starts it can mend; the message is one line and says how. */
export class StartupError extends Error {}
