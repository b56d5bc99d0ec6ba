export { type RobotNames, type RobotType, robotNames, robotTypes } from './names.js';
export { openSimulator, Simulator, type SimulatorOptions } from './node.js';
export { simulatorParameters } from './parameters.js';
