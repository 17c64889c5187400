import preset from '../../jest.preset.mjs';

const config = preset('mikro-orm-timescale');
const [, { jsc }] = config.transform['^.+\\.ts$'];
// The tests have ES decorators in them. What is in src runs as it is.
jsc.parser.decorators = true;
jsc.transform = { decoratorVersion: '2023-11' };

export default { ...config, modulePathIgnorePatterns: ['<rootDir>/dist'] };
