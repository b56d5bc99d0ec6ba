// The public surface of the package.
export {};
