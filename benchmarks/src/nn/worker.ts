import { performance } from 'node:perf_hooks';
import { InputError } from '@rapport/core';
import { workloadNames, workloads } from './workloads.js';

// One measured process: `worker.js WORKLOAD THREADS STEPS` prints medians per step and the last loss as JSON.
const [wanted, threads, steps] = process.argv.slice(2);
const name = workloadNames.find((one) => one === wanted);
if (name === undefined) throw new InputError(`workload "${wanted}" is not one of ${workloadNames.join(', ')}`);
const count = Number(steps);
const { trainer, nextBatch } = await workloads[name](Number(threads));
const milliseconds: number[] = [];
const cpuMilliseconds: number[] = [];
let loss = Number.NaN;
for (let step = 0; step < count + Math.floor(count / 4); step++) {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  ({ loss } = await trainer.step(nextBatch()));
  milliseconds.push(performance.now() - start);
  const { user, system } = process.cpuUsage(cpuStart);
  cpuMilliseconds.push((user + system) / 1000);
}
// The first fifth warms up.
const median = (times: number[]) => times.slice(-count).sort((a, b) => a - b)[count >> 1];
console.log(JSON.stringify({ milliseconds: median(milliseconds), cpuMilliseconds: median(cpuMilliseconds), loss }));
await trainer.close();
