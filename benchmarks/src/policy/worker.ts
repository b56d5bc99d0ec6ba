import { performance } from 'node:perf_hooks';
import { InputError } from '@rapport/core';
import { makeWorkload, workloadNames } from './workloads.js';

// One measured process: `worker.js WORKLOAD COUNT` prints medians per run as JSON.
const [wanted, runs] = process.argv.slice(2);
const name = workloadNames.find((one) => one === wanted);
if (name === undefined) throw new InputError(`workload "${wanted}" is not one of ${workloadNames.join(', ')}`);
const count = Number(runs);
const workload = await makeWorkload(name);
const milliseconds: number[] = [];
const cpuMilliseconds: number[] = [];
for (let run = 0; run < count + Math.ceil(count / 4); run++) {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  await workload.run();
  milliseconds.push(performance.now() - start);
  const { user, system } = process.cpuUsage(cpuStart);
  cpuMilliseconds.push((user + system) / 1000);
}
// The first fifth warms up.
const median = (times: number[]) => times.slice(-count).sort((a, b) => a - b)[count >> 1];
console.log(JSON.stringify({ milliseconds: median(milliseconds), cpuMilliseconds: median(cpuMilliseconds) }));
await workload.close();
