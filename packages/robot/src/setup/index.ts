export { inRosEnvironment, rosEnvironment, rosPython } from './environment.js';
export { type Installation, type RosState, readInstallation, requireRos, rosState } from './installation.js';
export { layout as rosLayout, type WheelDistro, wheelDistros } from './layout.js';
export { type PreparedRos, type PrepareOptions, prepareRos } from './prepare.js';
export { missingRosTools, type SystemTool } from './tools.js';
