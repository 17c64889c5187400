import { MalformedMessage } from './framing.ts';

export type StartupPacket =
  | { kind: 'encryption' }
  | { kind: 'cancel'; pid: number; secret: number }
  | {
      kind: 'login';
      user: string;
      database: string;
      /** Settings for the session, those of `options` among them. */
      settings: Map<string, string>;
      replication: boolean;
      /** Protocol options or a minor version that have to be negotiated away. */
      negotiate: string[] | undefined;
    };

/** @throws MalformedMessage */
export function parseStartup(packet: Buffer): StartupPacket {
  const version = packet.readInt32BE(4);
  if (version === SSL_REQUEST || version === GSS_REQUEST) return { kind: 'encryption' };
  if (version === CANCEL_REQUEST) {
    if (packet.length < 16) throw new MalformedMessage('invalid cancel request');
    return { kind: 'cancel', pid: packet.readInt32BE(8), secret: packet.readInt32BE(12) };
  }
  if (version >>> 16 !== 3) {
    throw new MalformedMessage(
      `unsupported frontend protocol ${version >>> 16}.${version & 0xffff}: server supports 3.0`,
    );
  }
  const parameters = parametersOf(packet);
  const user = parameters.get('user');
  if (!user) throw new MalformedMessage('no PostgreSQL user name specified in startup packet');
  const replication = parameters.get('replication');
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  const settings = new Map(parseOptions(parameters.get('options') ?? ''));
  for (const [name, value] of parameters) {
    if (!NOT_SETTINGS.has(name) && !name.startsWith('_pq_.')) settings.set(name, value);
  }
  return {
    kind: 'login',
    user,
    database: parameters.get('database') || user,
    settings,
    replication: replication !== undefined && !/^(false|off|no|0)$/i.test(replication),
    negotiate: (version & 0xffff) > 0 || unknownOptions.length > 0 ? unknownOptions : undefined,
  };
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const NOT_SETTINGS = new Set(['user', 'database', 'options', 'replication']);

function parametersOf(packet: Buffer): Map<string, string> {
  if (packet.at(-1) !== 0)
    throw new MalformedMessage('invalid startup packet layout: expected terminator as last byte');
  const words = packet.toString('utf8', 8, packet.length - 1).split('\0');
  const parameters = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [name = '', value = ''] = words.slice(at, at + 2);
    if (name === '') break;
    parameters.set(name, value);
  }
  return parameters;
}

/** `-c name=value`, `-cname=value` and `--name=value`; a backslash takes the next character as it is. */
function* parseOptions(options: string): Generator<[string, string]> {
  const words = (options.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1')).values();
  for (const word of words) {
    const assignment = word === '-c' ? (words.next().value ?? '') : word.replace(/^(--|-c)/, '');
    const equals = assignment.indexOf('=');
    if (equals < 1 || (word !== '-c' && assignment === word)) {
      throw new MalformedMessage(`invalid command-line argument for server process: ${word}`);
    }
    const name = assignment.slice(0, equals).replaceAll('-', '_');
    yield [name, assignment.slice(equals + 1)];
  }
}
