/** The data folder is open in another process. */
export class DataDirLocked extends Error {
  readonly dataDir: string;
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(`${dataDir} is in use by process ${pid}: stop that process, or choose another data folder.`);
    this.name = 'DataDirLocked';
    this.dataDir = dataDir;
    this.pid = pid;
  }
}

/** Something else listens on the port. */
export class PortTaken extends Error {
  readonly port: number;

  constructor(port: number) {
    super(
      `Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port (0 takes any free one).`,
    );
    this.name = 'PortTaken';
    this.port = port;
  }
}

/** The database was stopped, has given up, or is just being restarted. */
export class NotRunning extends Error {
  constructor() {
    super('The embedded database is not running.');
    this.name = 'NotRunning';
  }
}

/** The database could not be started, for another reason. */
export class StartFailed extends Error {
  constructor(reason: string) {
    super(`The embedded database did not start: ${reason}`);
    this.name = 'StartFailed';
  }
}
