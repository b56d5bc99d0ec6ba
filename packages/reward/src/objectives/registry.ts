import { add, mul, type Tensor } from '@rapport/nn';
import type { ListObjectiveName, ObjectiveConfig, PairObjectiveName } from './config.js';
import {
  type EvidencePart,
  type ListEvidence,
  type PairEvidence,
  type RatedEvidence,
  requirePart,
} from './evidence.js';
import {
  adjacentPairs,
  allPairs,
  bestWorst,
  type ListObjective,
  lipoLambda,
  listNet,
  plackettLuce,
  rankList,
} from './list.js';
import {
  bradleyTerry,
  dynamicBeta,
  flipCorrected,
  hinge,
  identityPreference,
  type MarginObjective,
  marginLabelled,
  probabilityError,
  smoothed,
} from './margin.js';
import * as policy from './policy.js';

/** What the table of docs/objectives.md says about an objective. */
export interface ObjectiveDescription {
  /** In the notation of docs/objectives.md. */
  readonly formula: string;
  /** Authors and year, and where to find it. */
  readonly source: string;
  /** Fields of `ObjectiveConfig` that it uses. */
  readonly settings: readonly (keyof ObjectiveConfig)[];
}

export interface PairObjective extends ObjectiveDescription {
  /** Evidence that it needs beyond scores and target. */
  readonly needs: readonly EvidencePart[];
  /** Loss of every pair, shape [batch]. */
  loss(pair: PairEvidence, config: ObjectiveConfig): Tensor;
}

export interface RankingObjective extends ObjectiveDescription {
  loss(config: ObjectiveConfig): ListObjective;
}

/** A pair objective that sees nothing but the margin. */
function ofMargin(objective: (config: ObjectiveConfig, pair: PairEvidence) => MarginObjective): PairObjective['loss'] {
  return (pair, config) => objective(config, pair)(policy.marginOf(pair, config), pair.target);
}

/** Every objective of pairs. */
export const pairObjectives: Readonly<Record<PairObjectiveName, PairObjective>> = {
  dpo: {
    formula: 'L(m)',
    source:
      'Bradley and Terry 1952; DPO: Rafailov et al. 2023, arXiv 2305.18290, eq. 7; Wallace et al. 2023, arXiv 2311.12908',
    settings: ['beta'],
    needs: [],
    loss: ofMargin(() => bradleyTerry),
  },
  rpo: {
    formula: 'L(m) + anchorWeight l(w)',
    source: 'Liu et al. 2024, arXiv 2405.16436',
    settings: ['beta', 'anchorWeight'],
    needs: ['loss'],
    loss: policy.anchoredLoss,
  },
  mapo: {
    formula: 'l(w) + likelihoodWeight L(likelihoodGain (u(w) - u(l))), u = x / (e^x - 1), x = likelihoodScale l',
    source: 'Hong et al. 2024, arXiv 2406.06424, and its code',
    settings: ['likelihoodScale', 'likelihoodGain', 'likelihoodWeight'],
    needs: ['loss'],
    loss: policy.marginAwareLoss,
  },
  ipo: {
    formula: '((m - 1/2) / beta)^2',
    source: 'Azar et al. 2023, arXiv 2310.12036, eq. 17',
    settings: ['beta'],
    needs: [],
    loss: ofMargin(({ beta }) => identityPreference(beta)),
  },
  hinge: {
    formula: 'max(0, hingeWidth - m)',
    source: 'SLiC-HF: Zhao et al. 2023, arXiv 2305.10425; RSO: Liu et al. 2023, arXiv 2309.06657',
    settings: ['beta', 'hingeWidth'],
    needs: [],
    loss: ofMargin(({ hingeWidth }) => hinge(hingeWidth)),
  },
  'probability-error': {
    formula: '1 - S(m); (1/2 - S(m))^2 for a tie',
    source: "RAPL's public training code (Tian et al. 2023, arXiv 2310.07932)",
    settings: ['beta'],
    needs: [],
    loss: ofMargin(() => probabilityError),
  },
  'smoothed-dpo': {
    formula: '(1 - smoothing) L(m) + smoothing L(-m)',
    source: 'cDPO: Mitchell 2023, a note',
    settings: ['beta', 'smoothing'],
    needs: [],
    loss: ofMargin(({ smoothing }) => smoothed(bradleyTerry, smoothing)),
  },
  'robust-dpo': {
    formula: '((1 - flipRate) L(m) - flipRate L(-m)) / (1 - 2 flipRate)',
    source: 'Ray Chowdhury et al. 2024, arXiv 2403.00409',
    settings: ['beta', 'flipRate'],
    needs: [],
    loss: ofMargin(({ flipRate }) => flipCorrected(bradleyTerry, flipRate)),
  },
  'robust-rpo': {
    formula: '((1 - flipRate) L(m) - flipRate L(-m)) / (1 - 2 flipRate) + anchorWeight l(w)',
    source: 'robust-dpo with the anchor of rpo; ours',
    settings: ['beta', 'flipRate', 'anchorWeight'],
    needs: ['loss'],
    loss: policy.robustAnchoredLoss,
  },
  'margin-dpo': {
    formula: 'L(m - marginScale strength)',
    source: 'Touvron et al. 2023, arXiv 2307.09288, eq. 2; Wang et al. 2024, arXiv 2401.06080',
    settings: ['beta', 'marginScale'],
    needs: ['strength'],
    loss: ofMargin(({ marginScale }, { strength }) =>
      marginLabelled(requirePart(strength, 'strength', 'margin-dpo'), marginScale),
    ),
  },
  'dynamic-dpo': {
    formula: 'L(m (1 + strengthWeight (1 - exp(-strengthRate strength))))',
    source: 'MM-RLHF: Zhang et al. 2025, arXiv 2502.10391',
    settings: ['beta', 'strengthWeight', 'strengthRate'],
    needs: ['strength'],
    loss: ofMargin(({ strengthWeight, strengthRate }, { strength }) =>
      dynamicBeta(requirePart(strength, 'strength', 'dynamic-dpo'), strengthWeight, strengthRate),
    ),
  },
  'flex-dpo': {
    formula: 'L(beta (1 + flexibility) s(w) - beta (1 - flexibility) s(l))',
    source: '3D-Properties: Yan et al. 2024, arXiv 2406.07327; which factor is larger is an interpretation',
    settings: ['beta', 'flexibility'],
    needs: [],
    loss: policy.flexibleLoss,
  },
  hypo: {
    formula: 'L(m) + divergenceWeight KL(pi, ref)',
    source: 'Song et al. 2024, arXiv 2406.01462',
    settings: ['beta', 'divergenceWeight'],
    needs: ['divergence'],
    loss: policy.hybridLoss,
  },
  'forward-kl': {
    formula: 'L(m) + dataWeight l(data)',
    source: 'FKPD: Shan et al. 2024, arXiv 2409.05622; read from its abstract and summaries',
    settings: ['beta', 'dataWeight'],
    needs: ['dataLoss'],
    loss: policy.forwardKlLoss,
  },
  copg: {
    formula: '1/2 (R(1) - R(2) - m)^2',
    source: 'Flet-Berliac et al. 2024, arXiv 2406.19185',
    settings: ['beta'],
    needs: ['reward'],
    loss: policy.rewardRegressionLoss,
  },
  cpl: {
    formula: 'L(beta (loserScale l(l) - l(w)))',
    source: 'Hejna et al. 2023, arXiv 2310.13639, eq. 5 and its conservative bias',
    settings: ['beta', 'loserScale'],
    needs: ['loss'],
    loss: policy.contrastiveLoss,
  },
  simpo: {
    formula: 'L(beta (l(l) - l(w)) - targetMargin)',
    source: 'Meng et al. 2024, arXiv 2405.14734, eq. 6',
    settings: ['beta', 'targetMargin'],
    needs: ['loss'],
    loss: policy.simpleLoss,
  },
  orpo: {
    formula: 'l(w) + oddsWeight L(logit p(w) - logit p(l)), p = exp(-l)',
    source: 'Hong et al. 2024, arXiv 2403.07691, eqs. 6 and 7',
    settings: ['oddsWeight'],
    needs: ['loss'],
    loss: policy.oddsRatioLoss,
  },
  winners: {
    formula: 'l(w)',
    source: 'fine-tuning on winners, the baseline',
    settings: [],
    needs: ['loss'],
    loss: policy.winnersLoss,
  },
};

/** Every objective of rankings. */
export const listObjectives: Readonly<Record<ListObjectiveName, RankingObjective>> = {
  'plackett-luce': {
    formula: 'sum over places k of log sum_{i >= k} exp(s_i) - s_k',
    source: 'Plackett 1975; Luce 1959; PRO: Song et al. 2023, arXiv 2306.17492',
    settings: [],
    loss: () => plackettLuce,
  },
  'best-worst': {
    formula: 'L(s_1 - s_K)',
    source: 'the baseline for lists',
    settings: [],
    loss: () => bestWorst,
  },
  'all-pairs': {
    formula: 'mean over i before j of L(s_i - s_j)',
    source: 'RankNet: Burges et al. 2005',
    settings: [],
    loss: () => allPairs,
  },
  'adjacent-pairs': {
    formula: 'mean over k of L(s_k - s_{k+1})',
    source: 'RankNet on neighbours',
    settings: [],
    loss: () => adjacentPairs,
  },
  listnet: {
    formula: 'cross-entropy of softmax(grades) and softmax(s)',
    source: 'Cao et al. 2007',
    settings: ['topGrade'],
    loss: ({ topGrade }) => listNet(topGrade),
  },
  'lipo-lambda': {
    formula: 'sum over i before j of (G_i - G_j) abs(1/D(k_i) - 1/D(k_j)) L(s_i - s_j)',
    source: 'Liu et al. 2024, arXiv 2402.01878',
    settings: ['topGrade'],
    loss: ({ topGrade }) => lipoLambda(topGrade),
  },
  'rank-list': {
    formula: 'log(1 + sum over i before j of exp(s_j - s_i))',
    source: 'RankList, reconstructed from its abstract',
    settings: [],
    loss: () => rankList,
  },
};

/** The objective of samples rated one by one. */
export const ratedObjective: ObjectiveDescription = {
  formula: 'goodWeight (1 - S(beta s - z)) for good, badWeight (1 - S(z - beta s)) for bad, z = max(0, mean of beta s)',
  source: 'KTO: Ethayarajh et al. 2024, arXiv 2402.01306, eq. 8; Diffusion-KTO: Li et al. 2024, arXiv 2404.04465',
  settings: ['beta', 'goodWeight', 'badWeight'],
};

/**
 * Losses of a batch of pairs by the objective `config.pairs`, shape [batch].
 * @throws InputError when the evidence lacks what the objective needs
 */
export function pairLoss(pair: PairEvidence, config: ObjectiveConfig): Tensor {
  return pairObjectives[config.pairs].loss(pair, config);
}

/** Losses of a batch of rankings by `config.lists` on beta times the scores, plus the anchor on the best; shape [batch]. */
export function listLoss({ scores, bestLoss }: ListEvidence, config: ObjectiveConfig): Tensor {
  const losses = listObjectives[config.lists].loss(config)(mul(config.beta, scores));
  return bestLoss === undefined ? losses : add(losses, mul(config.anchorWeight, bestLoss));
}

/** Losses of a batch of rated samples (KTO), shape [batch]. */
export function ratedLoss(rated: RatedEvidence, config: ObjectiveConfig): Tensor {
  return policy.kahnemanTversky(rated, config);
}
