import type { RandomStream } from '@rapport/core';
import {
  adamW,
  add,
  type CompiledFunction,
  compileFunction,
  compileTrainer,
  div,
  expandDims,
  input,
  mean,
  mul,
  type Parameter,
  type ParameterValues,
  reshape,
  slice,
  sqrt,
  square,
  stack,
  sum,
  type Tensor,
  type Trainer,
} from '@rapport/nn';
import {
  denoisingLogRatio,
  listLoss,
  type ObjectiveConfig,
  objectiveConfig,
  pairLoss,
  pairObjectives,
  ratedLoss,
  safeguardedLoss,
} from '@rapport/reward';
import { type DiffusionNetwork, denoisingResiduals } from '../diffusion/network.js';
import type { AlignmentConfig } from './config.js';
import { isListObjective } from './draws.js';

/** Rows of a batch: items of comparisons one below the other, then demonstrations. */
export interface BatchLayout {
  readonly comparisons: number;
  /** Windows per comparison: 2 for pairs, 1 for ratings. */
  readonly items: number;
  /** 0 when the objective does not look at demonstrations. */
  readonly demonstrations: number;
}

export function layoutRows({ comparisons, items, demonstrations }: BatchLayout): number {
  return comparisons * items + demonstrations;
}

/**
 * One step of preference alignment as a graph. Inputs: those of `DenoisingFeeds`, the reference's losses `reference` of all
 * rows, and per comparison `target`, `strength` and `returns` [items, comparisons], as far as the objective uses them.
 */
export type AlignmentTrainer = Trainer<'loss'>;

/** Parameters of the denoiser, which alone is trained; encoders of pictures stay as they are. */
export function denoiserParameters({ denoiser }: DiffusionNetwork): readonly Parameter[] {
  return denoiser.parameters;
}

/**
 * Compiles the objective, its gradient and AdamW.
 * @param lossUnit what all losses are divided by
 * @throws InputError when the objective needs what comparisons of chunks do not give
 */
export function compileAlignmentTrainer(
  network: DiffusionNetwork,
  config: AlignmentConfig,
  layout: BatchLayout,
  {
    lossUnit,
    ...options
  }: { readonly lossUnit: number; readonly initial: ParameterValues; readonly stream: RandomStream },
): Promise<AlignmentTrainer> {
  const rows = rowLosses(network, layoutRows(layout));
  const reference = input('reference', [layoutRows(layout)]);
  const inUnits = { ...rows, losses: div(rows.losses, lossUnit), reference: div(reference, lossUnit) };
  const loss = alignmentLoss(inUnits, config, layout);
  const { learningRate, weightDecay, maxGradientNorm } = config;
  const optimizer = adamW({ learningRate, weightDecay, maxGradientNorm });
  return compileTrainer({
    groups: [{ name: 'denoiser', parameters: denoiserParameters(network), loss, optimizer }],
    metrics: { loss },
    ...options,
  });
}

/** Denoising losses of rows: what the monitors and the reference need. */
export function compileRowLosses(
  network: DiffusionNetwork,
  rows: number,
  parameters: ParameterValues,
  weights: 'fed' | 'baked',
): Promise<CompiledFunction<'losses'>> {
  return compileFunction({ outputs: { losses: rowLosses(network, rows).losses }, parameters, weights });
}

/**
 * The denoising loss of each row, [R], over the actions that count; and its prediction errors, scaled so that their squares
 * add up to it, [R, horizon, action].
 */
function rowLosses(network: DiffusionNetwork, rows: number): { readonly losses: Tensor; readonly residuals: Tensor } {
  const { horizon } = network.config;
  const { actionSize, conditionSize } = network.shapes;
  const chunk = [rows, horizon, actionSize];
  const raw = denoisingResiduals(network, {
    actions: input('actions', chunk),
    noise: input('noise', chunk),
    timesteps: input('timesteps', [rows]),
    signalScale: input('signalScale', [rows]),
    noiseScale: input('noiseScale', [rows]),
    condition: input('condition', [rows, conditionSize]),
  });
  const residuals = mul(raw, sqrt(mul(expandDims(input('weights', [rows, horizon]), 2), 1 / actionSize)));
  return { losses: sum(square(residuals), { axes: [1, 2] }), residuals };
}

interface Rows {
  readonly losses: Tensor;
  readonly reference: Tensor;
  readonly residuals: Tensor;
}

function alignmentLoss(rows: Rows, config: AlignmentConfig, layout: BatchLayout): Tensor {
  const { comparisons, items, demonstrations } = layout;
  const objective = objectiveOf(config);
  const part = (tensor: Tensor, item: number): Tensor => slice(tensor, 0, item * comparisons, (item + 1) * comparisons);
  const itemLoss = (item: number): Tensor => part(rows.losses, item);
  const score = (item: number, loss = itemLoss(item)): Tensor => denoisingLogRatio(loss, part(rows.reference, item));
  const dataLoss = demonstrations === 0 ? undefined : mean(slice(rows.losses, 0, comparisons * items));
  const perComparison = (name: string): Tensor => input(name, [comparisons]);

  let loss: Tensor;
  if (config.objective === 'kto') {
    loss = ratedLoss({ score: score(0), target: perComparison('target') }, objective);
  } else if (isListObjective(config.objective)) {
    const scores = stack(
      Array.from({ length: items }, (_, item) => score(item)),
      1,
    );
    loss = listLoss({ scores, bestLoss: itemLoss(0) }, objective);
  } else {
    const guarded =
      config.safeguard === null
        ? itemLoss(1)
        : safeguardedLoss(itemLoss(1), part(rows.residuals, 0), part(rows.residuals, 1), config.safeguard);
    const { needs } = pairObjectives[config.objective];
    const returns = needs.includes('reward') ? input('returns', [items, comparisons]) : undefined;
    const rewardOf = (item: number) =>
      returns === undefined ? {} : { reward: reshape(slice(returns, 0, item, item + 1), [comparisons]) };
    loss = pairLoss(
      {
        first: { score: score(0), loss: itemLoss(0), ...rewardOf(0) },
        second: { score: score(1, guarded), loss: guarded, ...rewardOf(1) },
        target: config.safeguard === null ? perComparison('target') : 1,
        ...(needs.includes('strength') && { strength: perComparison('strength') }),
        ...(dataLoss && { dataLoss }),
      },
      objective,
    );
  }
  const isInside = config.objective === 'forward-kl';
  const total = mean(loss);
  return dataLoss === undefined || isInside ? total : add(total, mul(config.demonstrationWeight, dataLoss));
}

/** The objective's settings as the objectives module takes them. */
function objectiveOf(config: AlignmentConfig): ObjectiveConfig {
  const { objective, beta, anchorWeight, demonstrationWeight, settings } = config;
  return objectiveConfig({
    ...settings,
    beta,
    anchorWeight,
    dataWeight: demonstrationWeight === 0 ? 1 : demonstrationWeight,
    ...(objective !== 'kto' && (isListObjective(objective) ? { lists: objective } : { pairs: objective })),
  });
}
