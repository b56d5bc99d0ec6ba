"""A simulated Franka in the scene of a task, and a policy that acts on it."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = [
    ('rapport', EnvironmentVariable('RAPPORT', default_value='rapport'), 'the command: ./rapport of a checkout'),
    ('env', 'franka/cup', 'manipulation environment whose scene is simulated'),
    ('robot', 'fer', 'fer (Panda) or fr3'),
    ('controller', 'joint_trajectory', 'joint_trajectory or cartesian_impedance'),
    ('policy', 'scripted/by-handle', 'folder of a policy, or scripted/NAME'),
    ('limits', 'panda-full', 'limits file of the safety envelope, or the name of one that ships'),
    ('command', 'joint_trajectory', 'what the arm is sent: joint_trajectory or target_pose'),
    ('namespace', '', 'namespace of all nodes'),
    ('run_policy', 'true', 'whether the policy acts'),
    ('rviz', 'false', 'whether RViz opens'),
]


def generate_launch_description():
    share = FindPackageShare('rapport_bringup')
    rapport = LaunchConfiguration('rapport')
    namespace = ['__ns:=/', LaunchConfiguration('namespace')]
    simulator = ExecuteProcess(
        cmd=[
            rapport, 'ros', 'sim', LaunchConfiguration('env'), '--robot', LaunchConfiguration('robot'),
            '--ros-args', '-r', namespace,
            '--params-file', PathJoinSubstitution([share, 'config', 'simulator.yaml']),
            '-p', ['controller:=', LaunchConfiguration('controller')],
        ],
        output='screen',
    )
    runner = ExecuteProcess(
        cmd=[
            rapport, 'ros', 'run', LaunchConfiguration('policy'), '--env', LaunchConfiguration('env'),
            '--limits', LaunchConfiguration('limits'), '--patience', '60',
            '--ros-args', '-r', namespace,
            '--params-file', PathJoinSubstitution([share, 'config', 'runner.yaml']),
            '-p', 'use_sim_time:=true',
            '-p', ['command:=', LaunchConfiguration('command')],
        ],
        output='screen',
        sigterm_timeout='10',
        condition=IfCondition(LaunchConfiguration('run_policy')),
    )
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', PathJoinSubstitution([share, 'config', 'rapport.rviz'])],
        parameters=[{'use_sim_time': True}],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, simulator, runner, rviz])
