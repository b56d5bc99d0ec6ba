/** What a recording is made of when no topic is named: by type and by the end of the name. */
const kinds: readonly { readonly type: string; readonly name: RegExp }[] = [
  // Not those of the state broadcaster, which tell the same again.
  { type: 'sensor_msgs/msg/JointState', name: /^(?!.*(measured|desired|external)).*(joint_states|target_joint)$/ },
  { type: 'geometry_msgs/msg/PoseStamped', name: /\/(current|target)_pose$/ },
  { type: 'trajectory_msgs/msg/JointTrajectory', name: /joint_trajectory$/ },
  { type: 'std_msgs/msg/Float64MultiArray', name: /gripper.*commands$/ },
  { type: 'rapport_msgs/msg/NamedValues', name: /\/(task_observation|rapport\/observation|rapport\/action|episode)$/ },
  { type: 'franka_msgs/msg/FrankaRobotState', name: /robot_state$/ },
  { type: 'sensor_msgs/msg/Image', name: /^(?!.*depth)/i },
  { type: 'sensor_msgs/msg/CompressedImage', name: /^(?!.*depth)/i },
  { type: 'sensor_msgs/msg/CameraInfo', name: /^(?!.*depth)/i },
  { type: 'tf2_msgs/msg/TFMessage', name: /^\/tf(_static)?$/ },
];

/**
 * The topics of a graph that a recording of a robot needs: joints, gripper, poses, commands, what the task observes, the
 * robot's state, pictures (not compressed ones of a camera that sends plain ones, and no depth) and transforms.
 * @param published types by topic, of topics that somebody publishes
 * @param namespace of the recorder; topics outside it are another robot's, but for /tf
 * @returns full names, sorted
 */
export function defaultTopics(published: ReadonlyMap<string, readonly string[]>, namespace: string): string[] {
  const within = namespace === '/' ? '/' : `${namespace}/`;
  const wanted = [...published].filter(
    ([topic, types]) =>
      (topic.startsWith(within) || topic.startsWith('/tf')) &&
      kinds.some(({ type, name }) => types.includes(type) && name.test(topic)),
  );
  const names = new Set(wanted.map(([topic]) => topic));
  const plain = (topic: string) => topic.replace(/\/compressed$/, '');
  return [...names].filter((topic) => plain(topic) === topic || !names.has(plain(topic))).sort();
}
