/**
 * A stand-in for an application server: answers its health URL on PORT, finishes on SIGTERM, and dies now and then
 * when it is told to.
 *
 * PORT        where /health answers; without it the worker only lives
 * START_MS    how long it takes to be ready
 * DRAIN_MS    how long it takes to finish on SIGTERM
 * CRASH_SECONDS  dies after about so many seconds
 */
import { createServer } from 'node:http';

const { NAME = 'worker', PORT, START_MS = '300', DRAIN_MS = '400', CRASH_SECONDS } = process.env;
let ready = false;

console.log(`${NAME}: starting, pid ${process.pid}`);
setTimeout(() => {
  ready = true;
  console.log(`${NAME}: ready`);
}, Number(START_MS));

const server = createServer((request, response) => {
  response.writeHead(ready ? 200 : 503, { 'Content-Type': 'text/plain' }).end(ready ? 'ok\n' : 'starting\n');
});
if (PORT) server.listen(Number(PORT), '127.0.0.1');
else setInterval(() => console.log(`${NAME}: working`), 60_000);

process.on('SIGTERM', () => {
  console.log(`${NAME}: finishing`);
  server.close();
  setTimeout(() => process.exit(0), Number(DRAIN_MS));
});

if (CRASH_SECONDS) {
  const seconds = Number(CRASH_SECONDS) * (0.5 + Math.random());
  setTimeout(() => {
    console.error(
      `${NAME}: out of luck after ${Math.round(seconds)} s: cannot allocate memory for the next order`,
    );
    process.exit(1);
  }, seconds * 1000);
}
