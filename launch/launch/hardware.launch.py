"""A real Franka through franka_ros2, a camera, and a policy that acts through the safety envelope."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = [
    ('rapport', EnvironmentVariable('RAPPORT', default_value='rapport'), 'the command: ./rapport of a checkout'),
    ('policy', None, 'folder of a policy'),
    ('env', None, 'environment whose observations and actions the policy knows'),
    ('limits', 'fr3', 'limits file of the safety envelope, or the name of one that ships'),
    ('robot_ip', '172.16.0.3', 'address of the robot'),
    ('robot_type', 'fr3', 'fr3 or fer'),
    ('use_fake_hardware', 'false', 'whether franka_ros2 pretends that there is a robot'),
    ('namespace', '', 'namespace of all nodes'),
    ('start_robot', 'true', 'whether franka_bringup is started here; false when it runs already'),
    ('camera', 'true', 'whether a RealSense camera named front is started here'),
    ('rviz', 'false', 'whether RViz opens'),
]


def generate_launch_description():
    share = FindPackageShare('rapport_bringup')
    namespace = LaunchConfiguration('namespace')
    robot_type = LaunchConfiguration('robot_type')
    controllers = PathJoinSubstitution([share, 'config', 'controllers.yaml'])
    robot = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare('franka_bringup'), 'launch', 'franka.launch.py'])
        ),
        launch_arguments={
            'robot_type': robot_type,
            'robot_ip': LaunchConfiguration('robot_ip'),
            'namespace': namespace,
            'load_gripper': 'true',
            'use_fake_hardware': LaunchConfiguration('use_fake_hardware'),
            'controllers_yaml': controllers,
        }.items(),
        condition=IfCondition(LaunchConfiguration('start_robot')),
    )
    controller = Node(
        package='controller_manager',
        executable='spawner',
        namespace=namespace,
        arguments=[[robot_type, '_arm_controller'], '--param-file', controllers],
        output='screen',
    )
    camera = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare('realsense2_camera'), 'launch', 'rs_launch.py'])
        ),
        launch_arguments={'camera_namespace': 'camera', 'camera_name': 'front'}.items(),
        condition=IfCondition(LaunchConfiguration('camera')),
    )
    runner = ExecuteProcess(
        cmd=[
            LaunchConfiguration('rapport'), 'ros', 'run', LaunchConfiguration('policy'),
            '--env', LaunchConfiguration('env'), '--limits', LaunchConfiguration('limits'),
            '--autostart', 'false',
            '--ros-args', '-r', ['__ns:=/', namespace],
            '--params-file', PathJoinSubstitution([share, 'config', 'runner.yaml']),
            '-p', ['joint_prefix:=', robot_type],
        ],
        output='screen',
        sigterm_timeout='10',
    )
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        namespace=namespace,
        arguments=['-d', PathJoinSubstitution([share, 'config', 'rapport.rviz'])],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, robot, controller, camera, runner, rviz])
