import { service } from 'grpc-health-check';
import { rpcClient } from './client.ts';

interface HealthClient {
  Check(request: { service: string }, options: { timeoutMs: number }): Promise<{ status: string }>;
  close(): void;
}

const timeoutMs = 3_000;

/**
 * A process that asks the service on this machine how it is, for a container's health check: one line, and exit code 0
 * for SERVING, 1 for anything else.
 */
export async function runHealthCheck(port: number): Promise<void> {
  const status = await healthOf(`127.0.0.1:${port}`);
  process.stdout.write(`${status}\n`);
  process.exitCode = status === 'SERVING' ? 0 : 1;
}

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
