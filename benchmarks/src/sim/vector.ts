import { loadavg } from 'node:os';
import { RandomStream, spaceSize } from '@rapport/core';
import { VectorEnv } from '@rapport/sim';
import { breathe } from '../breathe.js';
import type { BenchOptions, BenchRow } from '../report.js';

const workloads = [
  { envId: 'xmagical/avoid-longstick', count: 64 },
  { envId: 'franka/lift', count: 8 },
];

/** Environment steps per second of wall-clock time through `VectorEnv`, with one worker thread and with two. */
export async function measureVector(
  options: BenchOptions,
): Promise<{ readonly rows: readonly BenchRow[]; readonly notes: readonly string[] }> {
  const rounds = options.quick ? 1 : 5;
  const seconds = options.quick ? 0.3 : 1.5;
  const load = loadavg()[0]!;
  const rows: BenchRow[] = [];
  for (const { envId, count } of workloads) {
    const rates = { one: [] as number[], two: [] as number[] };
    const one = await Vector.start(envId, count, 1);
    const two = await Vector.start(envId, count, 2);
    try {
      for (let round = 0; round < rounds; round++) {
        options.onProgress?.({ label: `stepping ${count} of ${envId}`, done: round, total: rounds });
        await breathe(options.signal);
        rates.one.push(one.stepsPerSecond(seconds));
        rates.two.push(two.stepsPerSecond(seconds));
      }
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
    const [slow, fast] = [middle(rates.one), middle(rates.two)];
    const name = `${envId}, ${count} in a VectorEnv`;
    rows.push(
      { name: `${name}, one worker`, unit: 'steps/s', ours: slow, better: 'higher' },
      { name: `${name}, two workers`, unit: 'steps/s', ours: fast, better: 'higher' },
      {
        name: `${name}, two workers over one`,
        unit: 'ratio',
        ours: middle(rates.two.map((rate, round) => rate / rates.one[round]!)),
        better: 'higher',
        aim: '>= 1.7',
      },
    );
  }
  const quiet = load < 2 ? '' : ': other programs ran, so that two workers had less than two cores';
  return { rows, notes: [`VectorEnv: wall-clock rates, load average ${load.toFixed(1)} before them${quiet}`] };
}

/** Environments that go on with random actions. */
class Vector {
  readonly #env: VectorEnv;
  readonly #actions: readonly Float32Array[];

  static async start(envId: string, count: number, workers: number): Promise<Vector> {
    const env = await VectorEnv.create({ envId, count, workers });
    env.reset(Array.from({ length: count }, (_, seed) => seed));
    const vector = new Vector(env);
    // The first steps compile the hot paths.
    vector.stepsPerSecond(0.5);
    return vector;
  }

  private constructor(env: VectorEnv) {
    this.#env = env;
    const { entries } = env.spec.actionSpace;
    const random = new RandomStream(1, 'bench/vector');
    this.#actions = Array.from({ length: 64 }, () =>
      Float32Array.from({ length: env.count * spaceSize(env.spec.actionSpace) }, (_, at) => {
        const { low, high } = entries[at % entries.length]!;
        return random.uniformBetween(low, high);
      }),
    );
  }

  stepsPerSecond(seconds: number): number {
    let steps = 0;
    const start = performance.now();
    while (performance.now() - start < 1000 * seconds) {
      this.#env.step(this.#actions[steps % this.#actions.length]!);
      steps += 1;
    }
    return (steps * this.#env.count) / ((performance.now() - start) / 1000);
  }

  close(): Promise<void> {
    return this.#env.close();
  }
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
