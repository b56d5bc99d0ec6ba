import { type RandomStream, throwIfAborted, type WorkOptions } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import type { EpochReport } from '../model.js';

export interface EpochLoop<Example> extends WorkOptions {
  /** Shown with the progress, for example `training RAPL`. */
  readonly label: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly training: readonly Example[];
  /** Empty when nothing is held back; the training loss then chooses the epoch. */
  readonly validation: readonly Example[];
  readonly stream: RandomStream;
  /** One update on at most `batchSize` examples; returns their mean loss before it. */
  readonly step: (batch: readonly Example[]) => Promise<number>;
  /** Mean loss of examples under the present parameters. */
  readonly evaluate: (examples: readonly Example[]) => Promise<number>;
  readonly parameters: () => ParameterValues;
}

export interface BestEpoch {
  readonly parameters: ParameterValues;
  readonly epochs: readonly EpochReport[];
  readonly bestEpoch: number;
}

/** Trains for a number of epochs and keeps the parameters of the one with the least validation loss. */
export async function trainEpochs<Example>(loop: EpochLoop<Example>): Promise<BestEpoch> {
  const { training, validation, batchSize } = loop;
  const epochs: EpochReport[] = [];
  let bestLoss = Number.POSITIVE_INFINITY;
  let bestEpoch = 0;
  let parameters = loop.parameters();
  for (let epoch = 0; epoch < loop.epochs; epoch++) {
    const order = loop.stream.shuffled(training);
    let total = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      throwIfAborted(loop.signal);
      const batch = order.slice(start, start + batchSize);
      total += (await loop.step(batch)) * batch.length;
    }
    const trainingLoss = total / order.length;
    const validationLoss = validation.length === 0 ? trainingLoss : await loop.evaluate(validation);
    epochs.push({ trainingLoss, validationLoss });
    if (validationLoss < bestLoss) {
      bestLoss = validationLoss;
      bestEpoch = epoch;
      parameters = loop.parameters();
    }
    loop.onMetrics?.(epoch, { 'reward/trainingLoss': trainingLoss, 'reward/validationLoss': validationLoss });
    loop.onProgress?.({
      label: loop.label,
      done: epoch + 1,
      total: loop.epochs,
      values: { training: trainingLoss, validation: validationLoss },
    });
  }
  return { parameters, epochs, bestEpoch };
}
