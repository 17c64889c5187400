// A program of its own, for the health check of a container: `node health-check.js PORT` asks the service that listens
// there how it is, writes one line and ends with exit code 0 for SERVING, 1 for anything else.
import { service } from 'grpc-health-check';
import { rpcClient } from './client.ts';

interface HealthClient {
  Check(request: { service: string }, options: { timeoutMs: number }): Promise<{ status: string }>;
  close(): void;
}

const timeoutMs = 3_000;

const health = await healthOf(`127.0.0.1:${process.argv[2] ?? ''}`);
process.stdout.write(`${health}\n`);
process.exitCode = health === 'SERVING' ? 0 : 1;

async function healthOf(address: string): Promise<string> {
  const client = rpcClient(service, address) as unknown as HealthClient;
  try {
    return (await client.Check({ service: '' }, { timeoutMs })).status;
  } catch (error) {
    return `${address} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    client.close();
  }
}
