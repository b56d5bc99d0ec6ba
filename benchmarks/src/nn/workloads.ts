import { RandomStream } from '@rapport/core';
import {
  adam,
  add,
  type Batch,
  compileTrainer,
  concat,
  conv2d,
  exp,
  globalAveragePool,
  input,
  linear,
  mean,
  minimum,
  mlp,
  mul,
  neg,
  relu,
  slice,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  type Trainer,
  tanh,
} from '@rapport/nn';

/** A training step to measure: the compiled trainer, and the data of the next step. */
export interface Workload {
  readonly trainer: Trainer<'loss'>;
  nextBatch(): Batch;
}

export const workloadNames = ['W1', 'W2', 'W3'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** What each workload is, as the report says it. */
export const workloadTitles: Readonly<Record<WorkloadName, string>> = {
  W1: 'W1 MLP 24-256-256-8, batch 256, squared error, Adam',
  W2: 'W2 SAC update: twin critics, actor, two Adams, Polyak, batch 256',
  W3: 'W3 CNN on 32 x 3 x 96 x 96, triplet loss, Adam',
};

export const workloads: Readonly<Record<WorkloadName, (threads: number) => Promise<Workload>>> = {
  W1: multilayerPerceptron,
  W2: softActorCritic,
  W3: convolutionalTriplets,
};

function normals(stream: RandomStream, count: number): Float32Array {
  return stream.fillNormal(new Float32Array(count));
}

async function multilayerPerceptron(threads: number): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/W1');
  const [x, y] = [input('x', [256, 24]), input('y', [256, 8])];
  const net = mlp('net', { inputSize: 24, hiddenSizes: [256, 256], outputSize: 8, activation: 'relu' });
  const loss = mean(square(sub(net.apply(x), y)));
  const trainer = await compileTrainer({
    groups: [{ name: 'net', parameters: net.parameters, loss, optimizer: adam({ learningRate: 1e-3 }) }],
    metrics: { loss },
    stream,
    threads,
  });
  const batch = { x: normals(stream, 256 * 24), y: normals(stream, 256 * 8) };
  return { trainer, nextBatch: () => batch };
}

/** Observations of 24 numbers, actions of 8, fixed temperature 0.1, discount 0.99, averaging rate 0.005. */
async function softActorCritic(threads: number): Promise<Workload> {
  const [batchSize, observationSize, actionSize, temperature] = [256, 24, 8, 0.1];
  const stream = new RandomStream(0, 'bench/W2');
  const hidden = { hiddenSizes: [256, 256], activation: 'relu' } as const;
  const critic = (name: string) => mlp(name, { inputSize: observationSize + actionSize, outputSize: 1, ...hidden });
  const actor = mlp('actor', { inputSize: observationSize, outputSize: 2 * actionSize, ...hidden });
  const critics = [critic('q1'), critic('q2')];
  const targets = critics.map((one, index) => one.clone(`target${index + 1}`));

  const observation = input('observation', [batchSize, observationSize]);
  const action = input('action', [batchSize, actionSize]);
  const reward = input('reward', [batchSize, 1]);
  const next = input('next', [batchSize, observationSize]);

  /** A squashed normal action and its log density. */
  const act = (from: Tensor, noise: Tensor) => {
    const out = actor.apply(from);
    const location = slice(out, 1, 0, actionSize);
    const logScale = sub(mul(tanh(slice(out, 1, actionSize)), 3.5), 1.5);
    const before = add(location, mul(exp(logScale), noise));
    const squash = mul(sub(sub(Math.LN2, before), softplus(mul(before, -2))), 2);
    const density = sub(sub(mul(square(noise), -0.5), logScale), add(squash, 0.5 * Math.log(2 * Math.PI)));
    return { action: tanh(before), logDensity: sum(density, { axes: [1], keepDims: true }) };
  };

  const future = act(next, input('nextNoise', [batchSize, actionSize]));
  const futurePair = concat([next, future.action], 1);
  const [target1, target2] = targets.map((one) => one.apply(futurePair));
  const futureValue = sub(minimum(target1!, target2!), mul(future.logDensity, temperature));
  const goal = stopGradient(add(reward, mul(futureValue, 0.99)));
  const [error1, error2] = critics.map((one) => mean(square(sub(one.apply(concat([observation, action], 1)), goal))));
  const criticLoss = add(error1!, error2!);

  const present = act(observation, input('noise', [batchSize, actionSize]));
  const [value1, value2] = critics.map((one) => one.apply(concat([observation, present.action], 1)));
  const actorLoss = mean(sub(mul(present.logDensity, temperature), minimum(value1!, value2!)));

  const criticParameters = critics.flatMap(({ parameters }) => parameters);
  const trainer = await compileTrainer({
    groups: [
      { name: 'critics', parameters: criticParameters, loss: criticLoss, optimizer: adam({ learningRate: 3e-4 }) },
      { name: 'actor', parameters: actor.parameters, loss: actorLoss, optimizer: adam({ learningRate: 3e-4 }) },
    ],
    averages: [{ target: targets.flatMap(({ parameters }) => parameters), source: criticParameters, rate: 0.005 }],
    metrics: { loss: criticLoss },
    stream,
    threads,
  });
  const fixed = {
    observation: normals(stream, batchSize * observationSize),
    action: Float32Array.from({ length: batchSize * actionSize }, () => stream.uniformBetween(-1, 1)),
    reward: normals(stream, batchSize),
    next: normals(stream, batchSize * observationSize),
  };
  const noise = () => normals(stream, batchSize * actionSize);
  return { trainer, nextBatch: () => ({ ...fixed, noise: noise(), nextNoise: noise() }) };
}

async function convolutionalTriplets(threads: number): Promise<Workload> {
  const stream = new RandomStream(0, 'bench/W3');
  const channels = [3, 32, 64, 128, 128];
  const layers = channels
    .slice(1)
    .map((outputChannels, index) =>
      conv2d(`conv${index}`, { inputChannels: channels[index]!, outputChannels, kernel: 3, strides: 2, pads: 1 }),
    );
  const head = linear('head', { inputSize: 128, outputSize: 64 });
  const image = input('image', [32, 3, 96, 96]);
  const map = layers.reduce((x, layer) => relu(layer.apply(x)), image as Tensor);
  const codes = head.apply(globalAveragePool(map));
  const rolled = (count: number) => concat([slice(codes, 0, count), slice(codes, 0, 0, count)], 0);
  const distance = (other: Tensor) => sum(square(sub(codes, other)), { axes: [1] });
  const loss = mean(softplus(add(distance(rolled(1)), neg(distance(rolled(16))))));
  const parameters = [...layers, head].flatMap((layer) => layer.parameters);
  const trainer = await compileTrainer({
    groups: [{ name: 'net', parameters, loss, optimizer: adam({ learningRate: 1e-3 }) }],
    metrics: { loss },
    stream,
    threads,
  });
  const batch = { image: normals(stream, 32 * 3 * 96 * 96) };
  return { trainer, nextBatch: () => batch };
}
