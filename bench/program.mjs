import { spawn } from 'node:child_process';

/**
 * Starts a program under test in a process of its own and waits for its line "ready on URL".
 * @param talk whether it is told by messages what to do (see {@link ask})
 */
export async function startProgram(args, env = {}, talk = false) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(talk ? ['ipc'] : [])],
  });
  // Whatever ends the bench ends what it started.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise((resolve) => child.once('close', resolve));
  void ended.then(() => process.off('exit', kill));
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
      const found = /ready on (http:\S+)/.exec(output);
      if (found) resolve(found[1]);
    });
    void ended.then(() => reject(new Error(`${args[0]} ended before it was ready: ${output}`)));
  });
  const stop = (signal = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return { url, child, stop };
}

/** Sends a message to a program and resolves with its next one, which is the answer; rejects when it ends instead. */
export function ask({ child }, message) {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${child.spawnargs[1]} has ended`));
    child.once('close', ended);
    child.once('message', (answer) => {
      child.off('close', ended);
      resolve(answer);
    });
    child.send(message);
  });
}
