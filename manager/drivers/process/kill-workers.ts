import { isAlive } from '../../process-identity.ts';
import { signalGroup } from './launch.ts';
import { runningProcess, WorkerRecords } from './records.ts';

/**
 * Kills every worker that the state folder knows as running, with its process group, and resolves when they are gone.
 * For the end of tests and of the demo; the managers of the cluster must have ended before, or they start them again.
 */
export async function killWorkers(stateDir: string): Promise<void> {
  const processes = new WorkerRecords(stateDir).all().flatMap((record) => runningProcess(record) ?? []);
  for (const { pid } of processes) signalGroup(pid, 'SIGKILL');
  while (processes.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}
