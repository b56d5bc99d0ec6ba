const separator = '='.repeat(80);

/** Joins a type's own text and those of the types that it is made of, as MCAP's `ros2msg` wants them. */
function definition(own: string, ...others: readonly (readonly [type: string, text: string])[]): string {
  return [own, ...others.map(([type, text]) => `${separator}\nMSG: ${type}\n${text}`)].join('\n');
}

const time = ['builtin_interfaces/Time', 'int32 sec\nuint32 nanosec'] as const;
const header = ['std_msgs/Header', 'builtin_interfaces/Time stamp\nstring frame_id'] as const;
const point = ['geometry_msgs/Point', 'float64 x\nfloat64 y\nfloat64 z'] as const;
const quaternion = ['geometry_msgs/Quaternion', 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1'] as const;
const pose = ['geometry_msgs/Pose', 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation'] as const;
const duration = ['builtin_interfaces/Duration', 'int32 sec\nuint32 nanosec'] as const;
const trajectoryPoint = [
  'trajectory_msgs/JointTrajectoryPoint',
  'float64[] positions\nfloat64[] velocities\nfloat64[] accelerations\nfloat64[] effort\n' +
    'builtin_interfaces/Duration time_from_start',
] as const;
const dimension = ['std_msgs/MultiArrayDimension', 'string label\nuint32 size\nuint32 stride'] as const;
const layout = ['std_msgs/MultiArrayLayout', 'std_msgs/MultiArrayDimension[] dim\nuint32 data_offset'] as const;

/** A message type that datasets are written to bags in. */
export interface WritableType {
  /** Text of the definition, `ros2msg`. */
  readonly definition: string;
  /** Field of the names of its arrays' entries. */
  readonly nameField?: string;
  readonly hasHeader: boolean;
}

/** Message types that a dataset can be written in, with the published fields. */
export const writableTypes: Readonly<Record<string, WritableType>> = {
  'sensor_msgs/msg/JointState': {
    definition: definition(
      'std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort',
      header,
      time,
    ),
    nameField: 'name',
    hasHeader: true,
  },
  'sensor_msgs/msg/Image': {
    definition: definition(
      'std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data',
      header,
      time,
    ),
    hasHeader: true,
  },
  'geometry_msgs/msg/PoseStamped': {
    definition: definition('std_msgs/Header header\ngeometry_msgs/Pose pose', header, time, pose, point, quaternion),
    hasHeader: true,
  },
  'trajectory_msgs/msg/JointTrajectory': {
    definition: definition(
      'std_msgs/Header header\nstring[] joint_names\ntrajectory_msgs/JointTrajectoryPoint[] points',
      header,
      time,
      trajectoryPoint,
      duration,
    ),
    nameField: 'joint_names',
    hasHeader: true,
  },
  'rapport_msgs/msg/NamedValues': {
    definition: definition('std_msgs/Header header\nstring[] names\nfloat64[] values', header, time),
    nameField: 'names',
    hasHeader: true,
  },
  'std_msgs/msg/Float64MultiArray': {
    definition: definition('std_msgs/MultiArrayLayout layout\nfloat64[] data', layout, dimension),
    hasHeader: false,
  },
  'std_msgs/msg/Float64': { definition: 'float64 data', hasHeader: false },
  'std_msgs/msg/String': { definition: 'string data', hasHeader: false },
};
