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
  /** What a person is asked. */
  readonly question: string;
}

export const alignmentTaskIds = ['franka/cup', 'franka/chips', 'franka/fork', 'xmagical/pass-shortstick'] as const;
export type AlignmentTaskId = (typeof alignmentTaskIds)[number];

/** A push moves the tool along the table and turns the hand. */
const armPushes = ['step_x', 'step_y', 'step_rotation_z'];

/** Half of the demonstrations show the preferred way, which the first demonstrator takes. */
export const alignmentTasks: Readonly<Record<AlignmentTaskId, AlignmentTask>> = {
  'franka/cup': {
    demonstrators: ['by-handle', 'inside'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    question: 'Which robot lifts the cup as you would like it?',
  },
  'franka/chips': {
    demonstrators: ['by-edge', 'crushes'],
    pushedEntries: armPushes,
    preferredWay: 'edge',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    question: 'Which robot lifts the bag as you would like it?',
  },
  'franka/fork': {
    demonstrators: ['by-handle', 'by-tines'],
    pushedEntries: armPushes,
    preferredWay: 'handle',
    viewCamera: 'front',
    rewardCameras: ['wrist'],
    question: 'Which robot lays the fork into the bowl as you would like it?',
  },
  'xmagical/pass-shortstick': {
    demonstrators: ['left', 'right'],
    pushedEntries: [],
    preferredWay: 'left',
    viewCamera: 'above',
    rewardCameras: ['above'],
    question: 'Which robot passes the blocks as you would like it?',
  },
};
