import preset from '../jest.preset.mjs';

// Whole services and their databases start and end in a test.
export default { ...preset('e2e'), testTimeout: 240_000 };
