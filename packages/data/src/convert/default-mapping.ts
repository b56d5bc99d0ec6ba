import { InputError } from '@rapport/core';
import type { DecodedMessage } from '../rosbag2/decode.js';
import type { SurveyedTopic } from '../rosbag2/survey.js';
import { namesOf } from './field-path.js';
import { type BagMapping, type BagMappingInput, parseMapping } from './mapping.js';

/** Topic under which datasets are written, and read, when nothing else is said. */
export const rapportTopics = {
  observation: '/rapport/observation',
  action: '/rapport/action',
  episode: '/rapport/episode',
  camera: (name: string) => `/camera/${name}/color/image_raw`,
} as const;

/** What the command line may say where there is no mapping file. */
export interface MappingChoices {
  readonly fps: number;
  readonly task: string;
  readonly episodes?: BagMappingInput['episodes'];
  readonly clock?: BagMapping['clock'];
  /** Width and height of pictures; 0 takes none. */
  readonly picture: number;
}

const poseFields = [
  ...['x', 'y', 'z'].map((axis) => `pose.position.${axis}`),
  ...['x', 'y', 'z', 'w'].map((axis) => `pose.orientation.${axis}`),
];

/**
 * The mapping of a bag with Franka's, CRISP's or Rapport's own topics. Observed are joint states of arm and gripper (or one
 * topic with both), else `current_pose`, and `task_observation`; actions are `target_pose`, else a joint trajectory, else
 * `target_joint`, and gripper commands; pictures come from every camera.
 * @param first the first message of each topic, decoded
 * @throws InputError when the bag has nothing that stands for observations or actions, naming what it has
 */
export function defaultMapping(
  topics: readonly SurveyedTopic[],
  first: ReadonlyMap<string, DecodedMessage>,
  choices: MappingChoices,
): BagMapping {
  const present = topics.filter(({ messageCount }) => messageCount > 0);
  const find = (type: string, ending: RegExp) =>
    present.filter((topic) => topic.type === type && ending.test(topic.name));
  const named = (topic: SurveyedTopic, array: string) =>
    namesOf(first.get(topic.name) ?? {}).map((name) => `${array}[${name}]`);

  const own = find('rapport_msgs/msg/NamedValues', /^\/rapport\/observation$/);
  const jointStates = find('sensor_msgs/msg/JointState', /joint_states$/);
  const arm = jointStates.filter(({ name }) => /(^|\/)franka\/joint_states$/.test(name)).slice(0, 1);
  const gripper = jointStates.filter(({ name }) => /gripper/.test(name)).slice(0, 1);
  const others = jointStates.filter(({ name }) => !/gripper|franka|measured|desired|external/.test(name)).slice(0, 1);
  const joints = arm.length > 0 ? [...arm, ...gripper] : others.length > 0 ? others : gripper;
  const task = find('rapport_msgs/msg/NamedValues', /task_observation$/);
  const observation =
    own.length > 0
      ? own.map((topic) => ({ topic: topic.name, fields: named(topic, 'values'), rule: 'last' as const }))
      : [
          ...joints.map((topic) => ({ topic: topic.name, fields: named(topic, 'position'), rule: 'linear' as const })),
          ...(joints.length > 0 ? [] : find('geometry_msgs/msg/PoseStamped', /current_pose$/).slice(0, 1)).map(
            ({ name }) => ({ topic: name, fields: poseFields, rule: 'linear' as const }),
          ),
          ...task.map((topic) => ({ topic: topic.name, fields: named(topic, 'values'), rule: 'last' as const })),
        ];

  // Commands hold until the next one, so that their age says nothing.
  const command = { rule: 'last', maxAge: 3600 } as const;
  const movements = [
    ...find('rapport_msgs/msg/NamedValues', /^\/rapport\/action$/).map((topic) => ({
      topic: topic.name,
      fields: named(topic, 'values'),
      ...command,
    })),
    ...find('geometry_msgs/msg/PoseStamped', /target_pose$/).map(({ name }) => ({
      topic: name,
      fields: poseFields,
      ...command,
    })),
    ...find('trajectory_msgs/msg/JointTrajectory', /joint_trajectory$/).map((topic) => ({
      topic: topic.name,
      fields: named(topic, 'points').map((_, place) => `points[0].positions[${place}]`),
      ...command,
    })),
    ...find('sensor_msgs/msg/JointState', /target_joint$/).map((topic) => ({
      topic: topic.name,
      fields: named(topic, 'position'),
      ...command,
    })),
  ];
  const gripperCommand = find('std_msgs/msg/Float64MultiArray', /gripper.*commands$/)
    .slice(0, 1)
    .map(({ name }) => ({ topic: name, fields: ['data[0]'], ...command }));
  const action = [...movements.slice(0, 1), ...gripperCommand];

  const list = present.map(({ name, type }) => `${name} (${type})`).join(', ') || 'no messages';
  const fix = 'name topics and fields in a file, --mapping FILE; docs/bags.md has an example';
  if (observation.length === 0)
    throw new InputError(`no topic of the bag stands for observations; it has ${list}`, { fix });
  if (action.length === 0) throw new InputError(`no topic of the bag stands for actions; it has ${list}`, { fix });

  const marker = find('std_msgs/msg/String', /^\/rapport\/episode$/)[0]?.name;
  const episodes = choices.episodes ?? (marker === undefined ? undefined : { by: 'marker' as const, topic: marker });
  return parseMapping(
    {
      fps: choices.fps,
      task: choices.task,
      ...(episodes && { episodes }),
      ...(choices.clock && { clock: choices.clock }),
      observation,
      action,
      cameras: choices.picture === 0 ? [] : cameras(present, choices.picture),
    },
    'the default mapping',
  );
}

/** Every camera once, raw pictures before compressed ones. */
function cameras(topics: readonly SurveyedTopic[], size: number): BagMappingInput['cameras'] {
  const pictures = ['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'].flatMap((type) =>
    topics.filter((topic) => topic.type === type && !/depth/i.test(topic.name)),
  );
  const names = new Map<string, string>();
  for (const { name } of pictures) {
    const parts = name.split('/').filter((part) => !/^(camera|color|rgb|image.*|compressed)$/.test(part));
    const camera = parts.join('_') || 'camera';
    if (!names.has(camera)) names.set(camera, name);
  }
  return [...names].map(([name, topic]) => ({ topic, name, width: size, height: size }));
}
