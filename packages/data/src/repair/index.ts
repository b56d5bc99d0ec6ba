export { type BagRepair, repairBag } from './repair-bag.js';
export { type BagProblem, type BagValidation, validateBag } from './validate-bag.js';
