import type { AlignmentConfig } from '@rapport/policy';

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
  /** Settings of alignment that suit it, unless others are chosen. */
  readonly alignment: Pick<AlignmentConfig, 'windows' | 'learningRate' | 'steps' | 'monitorEvery'>;
  /** What a person is asked. */
  readonly question: string;
}

export const alignmentTaskIds = ['franka/cup', 'franka/chips', 'franka/fork', 'xmagical/pass-shortstick'] as const;
export type AlignmentTaskId = (typeof alignmentTaskIds)[number];

/** A push moves the tool along the table and turns the hand. */
const armPushes = ['step_x', 'step_y', 'step_rotation_z'];

/** On the arm the way is decided in the first plan; later plans, compared in different situations, spoil precision. */
const armAlignment = { windows: 'first', learningRate: 1e-4, steps: 300, monitorEvery: 100 } as const;
/** Gentle, and watched closely: success falls when the few winners are learned by heart. */
const planeAlignment = { windows: 'plans', learningRate: 3e-5, steps: 200, monitorEvery: 25 } as const;

/** Half of the demonstrations show the preferred way, which the first demonstrator takes. */
export const alignmentTasks: Readonly<Record<AlignmentTaskId, AlignmentTask>> = {
  'franka/cup': {
    demonstrators: ['by-handle', 'inside'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    alignment: armAlignment,
    question: 'Which robot lifts the cup as you would like it?',
  },
  'franka/chips': {
    demonstrators: ['by-edge', 'crushes'],
    pushedEntries: armPushes,
    preferredWay: 'edge',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    alignment: armAlignment,
    question: 'Which robot lifts the bag as you would like it?',
  },
  'franka/fork': {
    demonstrators: ['by-handle', 'by-tines'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    alignment: armAlignment,
    question: 'Which robot lays the fork into the bowl as you would like it?',
  },
  'xmagical/pass-shortstick': {
    demonstrators: ['left', 'right'],
    pushedEntries: [],
    preferredWay: 'left',
    viewCamera: 'above',
    rewardCameras: ['above'],
    alignment: planeAlignment,
    question: 'Which robot passes the blocks as you would like it?',
  },
};
