import type { AlignmentConfig, CloningConfig } from '@rapport/policy';

/** Options of the experiment that are left to the task. */
export interface AlignmentTaskDefaults {
  readonly demonstrations: number;
  readonly starts: number;
  readonly rolloutsPerStart: number;
  readonly cloning: Pick<
    CloningConfig,
    'steps' | 'downDims' | 'samplingSteps' | 'actionNormalization' | 'firstPlanShare'
  >;
  readonly alignment: Pick<AlignmentConfig, 'windows' | 'learningRate' | 'steps' | 'monitorEvery'>;
}

/** A task that can be done in several ways, and demonstrations of them. */
export interface AlignmentTask {
  /** Scripted policies that demonstrate, each as often as the others. */
  readonly demonstrators: readonly string[];
  /** Entries of the action by which demonstrators are pushed aside now and then; none where they are not. */
  readonly pushedEntries: readonly string[];
  /** Name of the way that the score prefers. */
  readonly preferredWay: string;
  /** Camera that shows a person the whole scene. */
  readonly viewCamera: string;
  /** Cameras that the reward looks through, unless others are chosen: where the ways are easiest to tell apart. */
  readonly rewardCameras: readonly string[];
  /** What suits it, unless other numbers are chosen. */
  readonly defaults: AlignmentTaskDefaults;
  /** What a person is asked. */
  readonly question: string;
}

export const alignmentTaskIds = ['franka/cup', 'franka/chips', 'franka/fork', 'xmagical/pass-shortstick'] as const;
export type AlignmentTaskId = (typeof alignmentTaskIds)[number];

/** A push moves the tool along the table and turns the hand. */
const armPushes = ['step_x', 'step_y', 'step_rotation_z'];

/**
 * The arm must hit its places to a centimetre: many demonstrations and denoising steps. The way is decided in the first plan,
 * so that half of what is learned is about first plans, and its places differ by small actions, which scaling by their
 * deviation brings out of the noise. Later plans, compared in different situations, would spoil alignment's precision.
 */
const armDefaults: AlignmentTaskDefaults = {
  demonstrations: 6000,
  starts: 120,
  rolloutsPerStart: 4,
  cloning: {
    steps: 20_000,
    downDims: [64, 128],
    samplingSteps: 50,
    actionNormalization: 'MEAN_STD',
    firstPlanShare: 0.5,
  },
  alignment: { windows: 'first', learningRate: 1e-4, steps: 300, monitorEvery: 100 },
};

/**
 * A fork can be held anywhere along its length: a clone that mixes the two places still lays it into the bowl, and learns
 * that from less (docs/alignment-experiment.md).
 */
const forkDefaults: AlignmentTaskDefaults = {
  ...armDefaults,
  demonstrations: 3000,
  cloning: { ...armDefaults.cloning, steps: 10_000, actionNormalization: 'MIN_MAX', firstPlanShare: 0 },
};

/** The plane forgives, and longer cloning makes its policies harder to align. */
const planeDefaults: AlignmentTaskDefaults = {
  demonstrations: 200,
  starts: 24,
  rolloutsPerStart: 6,
  cloning: {
    steps: 1500,
    downDims: [32, 64],
    samplingSteps: 10,
    actionNormalization: 'MIN_MAX',
    firstPlanShare: 0,
  },
  alignment: { windows: 'plans', learningRate: 1e-4, steps: 30, monitorEvery: 10 },
};

/** Half of the demonstrations show the preferred way, which the first demonstrator takes. */
export const alignmentTasks: Readonly<Record<AlignmentTaskId, AlignmentTask>> = {
  'franka/cup': {
    demonstrators: ['by-handle', 'inside'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    defaults: armDefaults,
    question: 'Which robot lifts the cup as you would like it?',
  },
  'franka/chips': {
    demonstrators: ['by-edge', 'crushes'],
    pushedEntries: armPushes,
    preferredWay: 'edge',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    defaults: armDefaults,
    question: 'Which robot lifts the bag as you would like it?',
  },
  'franka/fork': {
    demonstrators: ['by-handle', 'by-tines'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    defaults: forkDefaults,
    question: 'Which robot lays the fork into the bowl as you would like it?',
  },
  'xmagical/pass-shortstick': {
    demonstrators: ['left', 'right'],
    pushedEntries: [],
    preferredWay: 'left',
    viewCamera: 'above',
    rewardCameras: ['above'],
    defaults: planeDefaults,
    question: 'Which robot passes the blocks as you would like it?',
  },
};
